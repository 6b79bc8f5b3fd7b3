// A few rows to look at while developing: `npm run db:seed`. Run again, it adds nothing.

import { neon } from '@neondatabase/serverless';

const ITEMS = [
  ['Welcome to Codex', 'The first item of the platform.'],
  ['How previews work', 'Every pull request gets its own copy of all this.'],
];

try {
  const sql = neon(process.env.DATABASE_URL);
  for (const [title, body] of ITEMS) {
    const rows = await sql`
      INSERT INTO content_items (organization_id, title, body, status)
      SELECT id, ${title}, ${body}, 'published' FROM organizations o
      WHERE slug = 'revelations'
        AND NOT EXISTS (SELECT FROM content_items i WHERE i.organization_id = o.id AND i.title = ${title})
      RETURNING id`;
    console.log(`${title}: ${rows.length === 1 ? 'added' : 'already there'}`);
  }
} catch (error) {
  // As one text, without a stack and without the URL.
  const detail = error.code ? `${error.message} (${error.code})` : error.message;
  console.error(`could not seed the database\ncaused by: ${detail}`);
  process.exitCode = 1;
}
