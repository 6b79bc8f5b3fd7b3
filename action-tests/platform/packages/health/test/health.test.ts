import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { healthDocument, healthResponse, type HealthDocument } from '../src/index.ts';

const ok = { limit: 1000, run: async () => 'fine' };

test('the document of a healthy service', () => {
  const now = new Date('2026-01-18T12:00:00Z');
  const checks = { database: { status: 'ok' }, kv: { status: 'ok', details: [{ name: 'CACHE', status: 'ok' }] } } as const;
  assert.deepEqual(healthDocument('content-api', { ...checks, kv: { ...checks.kv, details: [...checks.kv.details] } }, now), {
    status: 'healthy',
    service: 'content-api',
    version: '1.0.0',
    timestamp: '2026-01-18T12:00:00.000Z',
    checks,
  });
});

test('what a check found is told when it looked at several things', async () => {
  const found = [{ name: 'CACHE', status: 'ok' }];
  const response = await healthResponse('auth-worker', { kv: { limit: 1000, run: async () => found } });
  assert.deepEqual(((await response.json()) as HealthDocument).checks, { kv: { status: 'ok', details: found } });
});

test('200 when all is well', async () => {
  const response = await healthResponse('auth', { database: ok, kv: ok });
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as HealthDocument).status, 'healthy');
});

test('503 when a check fails or takes too long, and the reason stays in the log', async () => {
  const log = mock.method(console, 'error', () => {});
  const response = await healthResponse('auth', {
    database: { limit: 20, run: () => new Promise(() => {}) },
    kv: { limit: 1000, run: () => Promise.reject(new Error('password=secret')) },
    other: ok,
  });
  const text = await response.text();
  log.mock.restore();
  assert.equal(response.status, 503);
  const failed = (name: string) => ({ status: 'error', message: `${name} does not answer as it should` });
  assert.deepEqual(JSON.parse(text).checks, { database: failed('database'), kv: failed('kv'), other: { status: 'ok' } });
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
  await healthResponse('auth', { a: slow, b: slow, c: slow });
  assert.ok(performance.now() - started < 150);
});
