import assert from 'node:assert/strict';
import { test } from 'node:test';

import { databaseOptions } from '../src/options.ts';

const NEON =
  'postgresql://neondb_owner:p%40ss@ep-quiet-sun-a1b2c3d4-pooler.us-east-2.aws.neon.tech/neondb?sslmode=require&channel_binding=require';

test('a Neon URL, with the password decoded and TLS on', () => {
  const { host, port, username, password, database, ssl } = databaseOptions(NEON, 'pooled');
  assert.deepEqual(
    { host, port, username, password, database, ssl },
    {
      host: 'ep-quiet-sun-a1b2c3d4-pooler.us-east-2.aws.neon.tech',
      port: 5432,
      username: 'neondb_owner',
      password: 'p@ss',
      database: 'neondb',
      ssl: 'require',
    },
  );
});

test('TLS is only off when the URL says so', () => {
  const withMode = (mode: string) => databaseOptions(`postgresql://u:p@127.0.0.1:5/d${mode}`, 'direct').ssl;
  assert.equal(withMode('?sslmode=disable'), false);
  assert.equal(withMode(''), 'require');
  assert.equal(withMode('?sslmode=verify-full'), 'require');
});

test('nothing is prepared on a pooled connection', () => {
  assert.equal(databaseOptions(NEON, 'pooled').prepare, false);
  assert.equal(databaseOptions(NEON, 'direct').prepare, true);
});

test('what is wrong is named, without its value', () => {
  assert.throws(() => databaseOptions(NEON, ''), /^Error: DB_METHOD must be/);
  assert.throws(() => databaseOptions('secret', 'pooled'), /^Error: DATABASE_URL is not a URL$/);
  assert.throws(() => databaseOptions('mysql://u:secret@h/d', 'pooled'), /^Error: DATABASE_URL must start with/);
});
