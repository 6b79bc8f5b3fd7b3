// Brings the database at DATABASE_URL up to date: `npm run db:migrate`.
//
// Every file of migrations/ runs once, in order of its name, each in a transaction with the note that
// it ran. A second run at the same time waits; one that finds all done changes nothing. A file that
// was edited after it ran stops everything: what ran elsewhere is no longer what the file says.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

import { connect, fail } from './connect.mjs';

const FOLDER = new URL('../migrations/', import.meta.url);
/** Any number, as long as no other program takes the same lock. */
const LOCK = 4_210_042;

try {
  const sql = connect();
  try {
    await migrate(sql);
  } finally {
    await sql.end();
  }
} catch (error) {
  fail('could not migrate the database', error);
}

async function migrate(sql) {
  await sql`SELECT pg_advisory_lock(${LOCK})`; // given back with the connection
  await sql`CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;
  const applied = new Map((await sql`SELECT name, checksum FROM schema_migrations`).map((row) => [row.name, row.checksum]));
  const files = await migrations();
  check(files, applied);

  let ran = 0;
  for (const { name, text, checksum } of files) {
    if (applied.has(name)) {
      console.log(`${name}: already applied`);
      continue;
    }
    const started = performance.now();
    await sql.begin(async (transaction) => {
      await transaction.unsafe(text);
      await transaction`INSERT INTO schema_migrations (name, checksum) VALUES (${name}, ${checksum})`;
    }).catch((error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
    ran += 1;
    console.log(`${name}: applied in ${Math.round(performance.now() - started)} ms`);
  }
  console.log(ran === 0 ? 'the database is up to date' : `${ran} of ${files.length} migrations applied`);
}

async function migrations() {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, FOLDER), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/** What ran must still be there, unchanged, and before all that has not run. */
function check(files, applied) {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const [name, checksum] of applied) {
    const file = known.get(name);
    if (!file) throw new Error(`${name} was applied to this database, but is not in migrations/`);
    if (file.checksum !== checksum) throw new Error(`${name} was changed after it was applied; write a new migration instead`);
  }
  const last = [...applied.keys()].sort().at(-1) ?? '';
  const late = files.find(({ name }) => name < last && !applied.has(name));
  if (late) throw new Error(`${late.name} comes before ${last}, which was applied already; give it a later number`);
}
