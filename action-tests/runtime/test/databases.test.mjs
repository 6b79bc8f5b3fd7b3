import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';

import { Runtime, worker } from './harness.mjs';

let runtime;
before(async () => {
  runtime = await Runtime.start();
});
after(() => runtime.stop());

const query = (database, sql) => runtime.call('query', { database, sql });
const exists = async (name) =>
  (await query('postgres', `SELECT FROM pg_database WHERE datname = '${name}'`)).length === 1;

test('`production` is there from the start and belongs to the owner role', async () => {
  const rows = await query('production', 'SELECT current_user::text AS who, pg_get_userbyid(datdba)::text AS owner FROM pg_database WHERE datname = current_database()');
  assert.deepEqual(rows, [{ who: 'neondb_owner', owner: 'neondb_owner' }]);
  const client = await runtime.connect('production');
  await client.query('CREATE TABLE made_by_owner (id int)');
  await client.query('CREATE EXTENSION citext');
  await client.end();
});

test('a copy has the rows of its template and goes its own way', async () => {
  await query('production', "CREATE TABLE notes (body text); INSERT INTO notes VALUES ('first')");
  await runtime.call('createDatabase', { name: 'br-copy', template: 'production' });
  await query('br-copy', "INSERT INTO notes VALUES ('second')");
  assert.equal((await query('br-copy', 'SELECT * FROM notes')).length, 2);
  assert.equal((await query('production', 'SELECT * FROM notes')).length, 1);
  const client = await runtime.connect('br-copy'); // as the owner role
  await client.query("INSERT INTO notes VALUES ('third')");
  await client.end();
});

test('a template with open sessions is copied; it takes sessions again afterwards', async () => {
  await runtime.call('createDatabase', { name: 'busy', template: null });
  const client = await runtime.connect('busy');
  const ended = new Promise((resolve) => client.on('end', resolve));
  await runtime.call('createDatabase', { name: 'busy-copy', template: 'busy' });
  await ended;
  await (await runtime.connect('busy')).end();
});

test('a session that ends by itself is waited for', async () => {
  await runtime.call('createDatabase', { name: 'short', template: null });
  const client = await runtime.connect('short');
  const work = client.query('SELECT pg_sleep(0.15), 1 AS done').then(({ rows }) => rows[0].done);
  const copy = runtime.call('createDatabase', { name: 'short-copy', template: 'short' });
  assert.equal(await work, 1);
  await client.end();
  await copy;
});

test('parallel branches of one template', async () => {
  const names = ['p1', 'p2', 'p3', 'p4'];
  await Promise.all(names.map((name) => runtime.call('createDatabase', { name, template: 'production' })));
  for (const name of names) assert.equal(await exists(name), true);
});

test('drop ends sessions, and a missing database is no error', async () => {
  await runtime.call('createDatabase', { name: 'doomed', template: null });
  const client = await runtime.connect('doomed');
  await runtime.call('dropDatabase', { name: 'doomed' });
  await assert.rejects(client.query('SELECT 1'));
  assert.equal(await exists('doomed'), false);
  assert.equal(await runtime.call('dropDatabase', { name: 'doomed' }), null);
});

test('rename keeps the data', async () => {
  await runtime.call('createDatabase', { name: 'before', template: null });
  await query('before', 'CREATE TABLE t AS SELECT 7 AS n');
  await runtime.call('renameDatabase', { from: 'before', to: 'after' });
  assert.equal(await exists('before'), false);
  assert.deepEqual(await query('after', 'SELECT n FROM t'), [{ n: 7 }]);
  await (await runtime.connect('after')).end();
});

test('copyDatabase replaces the target, and fails without touching it', async () => {
  await runtime.call('createDatabase', { name: 'source', template: null });
  await query('source', "CREATE TABLE t AS SELECT 'source' AS from_");
  await runtime.call('createDatabase', { name: 'target', template: null });
  await query('target', "CREATE TABLE t AS SELECT 'target' AS from_");
  await assert.rejects(runtime.call('copyDatabase', { source: 'absent', target: 'target' }), /"absent" does not exist/);
  assert.deepEqual(await query('target', 'SELECT * FROM t'), [{ from_: 'target' }]);
  const client = await runtime.connect('target');
  await runtime.call('copyDatabase', { source: 'source', target: 'target' });
  await client.end().catch(() => {});
  assert.deepEqual(await query('target', 'SELECT * FROM t'), [{ from_: 'source' }]);
  await assert.rejects(runtime.call('copyDatabase', { source: 'source', target: 'source' }), /copy of itself/);
});

test('names that SQL would trip over', async () => {
  const name = 'br "quoted"; DROP/feature';
  await runtime.call('createDatabase', { name, template: 'production' });
  await runtime.call('createDatabase', { name: `${name}2`, template: name });
  await runtime.call('dropDatabase', { name });
  for (const bad of ['', 'x'.repeat(64), undefined, 5]) {
    await assert.rejects(runtime.call('createDatabase', { name: bad, template: null }), /not a database name/);
  }
});

test('errors carry Postgres’ own text', async () => {
  await assert.rejects(runtime.call('createDatabase', { name: 'production', template: null }), /already exists/);
  await assert.rejects(runtime.call('createDatabase', { name: 'x', template: 'absent' }), /"absent" does not exist/);
  await assert.rejects(query('production', 'SELEC 1'), /syntax error/);
  await assert.rejects(query('absent', 'SELECT 1'), /"absent" does not exist/);
});

test('the owner role may change its password, but is no superuser', async () => {
  const rows = await query('production', "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'neondb_owner'");
  assert.deepEqual(rows, [{ rolsuper: false, rolcreatedb: false }]);
  const { password } = runtime.postgres;
  await query('postgres', `ALTER ROLE neondb_owner PASSWORD '${password}'`);
  await (await runtime.connect('production')).end();
});

test('the schema as DDL: complete enough to build the same schema again', async () => {
  const ddl = `
    CREATE SCHEMA app;
    CREATE EXTENSION pgcrypto;
    CREATE TYPE app.state AS ENUM ('draft', 'it''s live');
    CREATE DOMAIN app.email AS text CHECK (VALUE ~ '@');
    CREATE TABLE app.owners (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail app.email NOT NULL UNIQUE);
    CREATE TABLE app.items (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      legacy serial,
      owner_id uuid NOT NULL REFERENCES app.owners (id) ON DELETE CASCADE,
      title varchar(200) NOT NULL CHECK (title <> ''),
      state app.state NOT NULL DEFAULT 'draft',
      price numeric(10, 2),
      shout text GENERATED ALWAYS AS (upper(title)) STORED,
      tags text[] DEFAULT '{}'
    );
    CREATE INDEX items_title ON app.items (lower(title)) WHERE state = 'draft';
    CREATE VIEW app.live AS SELECT id, title FROM app.items WHERE state = 'it''s live';
    CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER items_touch BEFORE UPDATE ON app.items FOR EACH ROW EXECUTE FUNCTION app.touch();`;
  await runtime.call('createDatabase', { name: 'schema-a', template: null });
  await runtime.call('createDatabase', { name: 'schema-b', template: null });
  assert.equal(await runtime.call('schema', { database: 'schema-a' }), '');
  await query('schema-a', ddl);
  const printed = await runtime.call('schema', { database: 'schema-a' });
  assert.match(printed, /CREATE TABLE app\.items \(\n    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,/);
  await query('schema-b', printed);
  assert.equal(await runtime.call('schema', { database: 'schema-b' }), printed);
});

test('a Worker reaches any loopback address over TCP, as database clients in Workers do', async () => {
  const server = createServer((socket) => socket.end('from afar')).listen(0, '127.83.1.2');
  await once(server, 'listening');
  const source = `import { connect } from 'cloudflare:sockets';
    export default { async fetch() {
      const socket = connect({ hostname: '127.83.1.2', port: ${server.address().port} });
      return new Response(socket.readable);
    } };`;
  await runtime.call('workers', { workers: [worker('tcp', source)], routes: [{ pattern: 'tcp.test', worker: 'tcp' }] });
  assert.equal((await runtime.fetch('http://tcp.test/')).text, 'from afar');
  server.close();
});
