import assert from 'node:assert/strict';
import { test } from 'node:test';

import { match, type Routes } from '../src/router.ts';

const named = (name: string) => () => new Response(name);
const routes: Routes<object> = {
  'GET /items': named('list'),
  'POST /items': named('create'),
  'GET /items/:id': named('read'),
  '* /api/*': named('proxy'),
};

async function found(method: string, path: string) {
  const result = match(routes, method, path);
  if (!result.found) return null;
  const context = { params: result.params } as unknown as Parameters<typeof result.handler>[0];
  return [await (await result.handler(context)).text(), result.params];
}

test('method and path decide', async () => {
  assert.deepEqual(await found('GET', '/items'), ['list', {}]);
  assert.deepEqual(await found('POST', '/items/'), ['create', {}]);
  assert.deepEqual(await found('GET', '/items/a%20b'), ['read', { id: 'a b' }]);
  assert.deepEqual(await found('HEAD', '/items'), ['list', {}]);
  assert.deepEqual(await found('DELETE', '/api/a/b'), ['proxy', { '*': 'a/b' }]);
  assert.deepEqual(await found('GET', '/api'), ['proxy', { '*': '' }]);
});

test('what is not there', () => {
  assert.deepEqual(match(routes, 'GET', '/items/1/2'), { found: false, allowed: [] });
  assert.deepEqual(match(routes, 'DELETE', '/items'), { found: false, allowed: ['GET', 'POST'] });
  assert.deepEqual(match(routes, 'GET', '/items/%E0%A4%A').found, true);
});
