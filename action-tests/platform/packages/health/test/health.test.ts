import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { healthDocument, healthResponse, type HealthDocument } from '../src/index.ts';

const env = { ENVIRONMENT: 'preview' } as const;
const ok = { limit: 1000, run: async () => 'fine' };

test('the document of a healthy service', () => {
  const now = new Date('2026-01-18T12:00:00Z');
  assert.deepEqual(healthDocument('content-api', env, { database: 'ok', kv: 'ok' }, now), {
    status: 'healthy',
    service: 'content-api',
    environment: 'preview',
    timestamp: '2026-01-18T12:00:00.000Z',
    checks: { database: 'ok', kv: 'ok' },
  });
});

test('the version is told when it is known', () => {
  const known = { ...env, CF_VERSION_METADATA: { id: 'v1', tag: '', timestamp: '' } };
  assert.equal(healthDocument('web', known, {}, new Date()).version, 'v1');
});

test('200 when all is well', async () => {
  const response = await healthResponse('auth', env, { database: ok, kv: ok });
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as HealthDocument).status, 'healthy');
});

test('503 when a check fails or takes too long, and the reason stays in the log', async () => {
  const log = mock.method(console, 'error', () => {});
  const response = await healthResponse('auth', env, {
    database: { limit: 20, run: () => new Promise(() => {}) },
    kv: { limit: 1000, run: () => Promise.reject(new Error('password=secret')) },
    other: ok,
  });
  const text = await response.text();
  log.mock.restore();
  assert.equal(response.status, 503);
  assert.deepEqual(JSON.parse(text).checks, { database: 'error', kv: 'error', other: 'ok' });
  assert.equal(JSON.parse(text).status, 'unhealthy');
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual(
    log.mock.calls.map((call) => call.arguments[0]).sort(),
    ['auth: check database failed: no answer within 20 ms', 'auth: check kv failed: password=secret'],
  );
});

test('checks run at the same time', async () => {
  const slow = { limit: 1000, run: () => new Promise((resolve) => setTimeout(resolve, 60)) };
  const started = performance.now();
  await healthResponse('auth', env, { a: slow, b: slow, c: slow });
  assert.ok(performance.now() - started < 150);
});
