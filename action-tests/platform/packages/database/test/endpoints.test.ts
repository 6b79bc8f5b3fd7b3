import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configure, type Endpoints } from '../src/endpoints.ts';

const NEON =
  'postgresql://neondb_owner:p%40ss@ep-quiet-sun-a1b2c3d4-pooler.us-east-2.aws.neon.tech/neondb?sslmode=require&channel_binding=require';

const own = (): Endpoints => ({ fetchEndpoint: 'own', wsProxy: undefined, useSecureWebSocket: true });

test('Neon’s own hosts are the driver’s own business', () => {
  for (const method of ['PRODUCTION', 'BRANCH']) {
    const driver = own();
    configure(driver, NEON, method);
    assert.deepEqual(driver, own());
  }
});

test('a local proxy is asked on the port of the connection string, for its host', () => {
  const driver = own();
  configure(driver, 'postgresql://u:p@ep-x.local:4444/d', 'LOCAL_PROXY');
  assert.equal(driver.fetchEndpoint, 'http://localhost:4444/sql');
  assert.equal(driver.useSecureWebSocket, false);
  assert.ok(typeof driver.wsProxy === 'function');
  assert.equal(driver.wsProxy('ep-x.local', 4444), 'localhost:4444/v2?address=ep-x.local:4444');
});

test('what is wrong is named, without its value', () => {
  const fails = (url: string, method: string) => () => configure(own(), url, method);
  assert.throws(fails(NEON, ''), /^Error: DB_METHOD must be/);
  assert.throws(fails('secret', 'BRANCH'), /^Error: DATABASE_URL is not a URL$/);
  assert.throws(fails('mysql://u:secret@h/d', 'BRANCH'), /^Error: DATABASE_URL must start with/);
});
