import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { parseEvent } from '../src/event.ts';
import { signatureProblem } from '../src/signature.ts';

const BODY = '{"id":"evt_1"}';
const NOW = 1_760_000_000;

const signatureHeader = (body: string, secret: string, seconds: number) =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;

test('a signature as Stripe documents it', async () => {
  // Computed with `openssl dgst -sha256 -hmac whsec_test` over "1760000000.{"id":"evt_1"}".
  const header = 't=1760000000,v1=66e880d7175fffb43ce10c4e14db1cfb230c8804b5aafb116affbc9a836c7690,v0=ignored';
  assert.equal(await signatureProblem(header, BODY, 'whsec_test', NOW), null);
});

test('one of several signatures is enough', async () => {
  const good = signatureHeader(BODY, 'new', NOW);
  const header = `${good.replace('v1=', `v1=${'0'.repeat(64)},v1=`)}`;
  assert.equal(await signatureProblem(header, BODY, 'new', NOW), null);
});

test('what is wrong with others', async () => {
  const good = signatureHeader(BODY, 'whsec_test', NOW);
  const problem = (header: string | null, body = BODY, now = NOW) => signatureProblem(header, body, 'whsec_test', now);
  assert.equal(await problem(null), 'the Stripe-Signature header is missing');
  assert.equal(await problem('t=,v1='), 'the Stripe-Signature header is malformed');
  assert.equal(await problem('t=1'), 'the Stripe-Signature header is malformed');
  assert.equal(await problem(good, `${BODY} `), 'the signature does not match');
  assert.equal(await problem(signatureHeader(BODY, 'other', NOW)), 'the signature does not match');
  assert.equal(await problem(good, BODY, NOW + 299), null);
  assert.equal(await problem(good, BODY, NOW + 301), 'the signature is too old');
});

test('events', () => {
  const event = { id: 'evt_1', type: 'charge.succeeded', livemode: false, created: NOW };
  assert.deepEqual(parseEvent(JSON.stringify(event), 'sk_test_1'), {
    id: 'evt_1',
    type: 'charge.succeeded',
    livemode: false,
    createdAt: new Date(NOW * 1000),
  });
  for (const bad of ['', '3', 'null', '{}', '{"id":"evt_1"}']) {
    assert.throws(() => parseEvent(bad, 'sk_test_1'), { status: 400, code: 'invalid_event' });
  }
  const live = JSON.stringify({ ...event, livemode: true });
  assert.throws(() => parseEvent(live, 'sk_test_1'), { code: 'wrong_mode', message: /live event .* test key/ });
  assert.throws(() => parseEvent(JSON.stringify(event), 'sk_live_1'), { code: 'wrong_mode' });
  assert.equal(parseEvent(live, 'rk_live_1').livemode, true);
});
