// A few rows to look at while developing: `npm run db:seed`. Run again, it adds nothing.

import { connect, fail } from './connect.mjs';

const ITEMS = [
  ['Welcome to Codex', 'The first item of the platform.'],
  ['How previews work', 'Every pull request gets its own copy of all this.'],
];

try {
  const sql = connect();
  try {
    for (const [title, body] of ITEMS) {
      const rows = await sql`
        INSERT INTO content_items (organization_id, title, body, status)
        SELECT id, ${title}, ${body}, 'published' FROM organizations o
        WHERE slug = 'revelations'
          AND NOT EXISTS (SELECT FROM content_items i WHERE i.organization_id = o.id AND i.title = ${title})
        RETURNING id`;
      console.log(`${title}: ${rows.length === 1 ? 'added' : 'already there'}`);
    }
  } finally {
    await sql.end();
  }
} catch (error) {
  fail('could not seed the database', error);
}
