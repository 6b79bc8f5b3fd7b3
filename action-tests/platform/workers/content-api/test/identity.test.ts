import assert from 'node:assert/strict';
import { test } from 'node:test';

import { organization } from '../src/identity.ts';

const answering = (status: number, body: unknown = {}) => {
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    return Response.json(body, { status });
  };
  return { asked, identity: { fetch } as unknown as Fetcher };
};

test('the organisation as identity-api tells it', async () => {
  const { identity, asked } = answering(200, { id: '1', slug: 'a b', name: 'A' });
  assert.deepEqual(await organization(identity, 'a b'), { id: '1', slug: 'a b', name: 'A' });
  assert.deepEqual(asked, ['https://identity-api/organizations/a%20b']);
});

test('an unknown one is the caller’s mistake, a failing service is not', async () => {
  await assert.rejects(organization(answering(404).identity, 'x'), { status: 422, code: 'unknown_organization' });
  await assert.rejects(organization(answering(503).identity, 'x'), { status: 502, code: 'identity_unavailable' });
});
