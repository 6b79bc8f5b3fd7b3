import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limitRate } from '../src/rate-limit.ts';

function namespace() {
  const entries = new Map<string, string>();
  return {
    get: async (key: string) => entries.get(key) ?? null,
    put: async (key: string, value: string) => void entries.set(key, value),
  } as unknown as KVNamespace;
}

const from = (ip: string) => new Request('https://x/', { headers: { 'CF-Connecting-IP': ip } });

test('each client has its own allowance', async () => {
  const kv = namespace();
  const limit = { requests: 2, seconds: 3600 };
  await limitRate(kv, from('192.0.2.1'), 'sign-in', limit);
  await limitRate(kv, from('192.0.2.1'), 'sign-in', limit);
  await assert.rejects(limitRate(kv, from('192.0.2.1'), 'sign-in', limit), { status: 429 });
  await limitRate(kv, from('192.0.2.2'), 'sign-in', limit);
  await limitRate(kv, from('192.0.2.1'), 'sign-up', limit);
});
