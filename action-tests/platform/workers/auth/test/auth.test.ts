import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashPassword, verifyPassword } from '../src/password.ts';
import { closeSession, openSession, readSession, sessionCookie } from '../src/session.ts';

test('a password is verified with the same pepper only', async () => {
  const stored = await hashPassword('correct horse', 'pepper');
  assert.match(stored, /^pbkdf2-sha256\$100000\$[0-9a-f]{32}\$[0-9a-f]{64}$/);
  assert.equal(await verifyPassword('correct horse', 'pepper', stored), true);
  assert.equal(await verifyPassword('correct horsE', 'pepper', stored), false);
  assert.equal(await verifyPassword('correct horse', 'other', stored), false);
  assert.equal(await verifyPassword('x', 'pepper', 'nonsense'), false);
  assert.notEqual(await hashPassword('correct horse', 'pepper'), stored);
});

function namespace() {
  const entries = new Map<string, string>();
  return {
    get: async (key: string) => JSON.parse(entries.get(key) ?? 'null'),
    put: async (key: string, value: string) => void entries.set(key, value),
    delete: async (key: string) => void entries.delete(key),
  } as unknown as KVNamespace;
}

const withCookie = (cookie: string) => new Request('https://auth/', { headers: { Cookie: cookie } });

test('a session is read by its signed cookie until it is closed', async () => {
  const kv = namespace();
  const session = { accountId: '1', email: 'a@example.com', name: 'A' };
  const value = await openSession(kv, 'secret', session);
  const request = withCookie(`theme=dark; codex_session=${value}`);
  assert.deepEqual(await readSession(kv, 'secret', request), session);
  assert.equal(await readSession(kv, 'another secret', request), null);
  const [id, signature = ''] = value.split('.');
  assert.equal(await readSession(kv, 'secret', withCookie(`codex_session=${id}.${'0'.repeat(signature.length)}`)), null);
  assert.equal(await readSession(kv, 'secret', withCookie(`codex_session=${id}`)), null);
  assert.equal(await readSession(kv, 'secret', withCookie('')), null);
  await closeSession(kv, 'secret', request);
  assert.equal(await readSession(kv, 'secret', request), null);
});

test('cookies', () => {
  assert.equal(sessionCookie('v', true), 'codex_session=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure');
  assert.equal(sessionCookie('', false), 'codex_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
});
