import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { forwarded } from '../src/proxy.ts';
import { serviceStatus } from '../src/status.ts';

test('a forwarded request has the service’s path and no origin', async () => {
  const url = new URL('https://codex.example.com/api/content/items?x=1');
  const request = new Request(url, {
    method: 'POST',
    headers: { Origin: 'https://codex.example.com', Cookie: 'a=b' },
    body: 'text',
  });
  const copy = forwarded(request, url, 'items');
  assert.equal(copy.url, 'https://codex.example.com/items?x=1');
  assert.equal(copy.method, 'POST');
  assert.equal(copy.headers.get('Origin'), null);
  assert.equal(copy.headers.get('Cookie'), 'a=b');
  assert.equal(await copy.text(), 'text');
});

test('a path cannot lead to another host', () => {
  const url = new URL('https://codex.example.com/api/content//evil.example/x');
  assert.equal(new URL(forwarded(new Request(url), url, 'evil.example/x').url).host, 'codex.example.com');
});

test('what a service says of itself', async () => {
  const document = { status: 'healthy', checks: { database: { status: 'ok' } } };
  assert.deepEqual(await serviceStatus('auth', async () => Response.json(document)), {
    service: 'auth',
    healthy: true,
    checks: { database: { status: 'ok' } },
  });
  assert.equal((await serviceStatus('auth', async () => Response.json(document, { status: 503 }))).healthy, false);
});

test('a service that does not answer is not healthy', async () => {
  const log = mock.method(console, 'error', () => {});
  const gone = await serviceStatus('auth', () => Promise.reject(new Error('gone')));
  const page = await serviceStatus('auth', async () => new Response('<html>'));
  log.mock.restore();
  assert.deepEqual([gone.healthy, page.healthy], [false, false]);
});
