import type { StripeEnv } from '@codex/env';
import { HttpError, serve, type Handler } from '@codex/http';

import { parseEvent } from './event.ts';
import { signatureProblem } from './signature.ts';

/** Verifies, records, acknowledges. Recording the same event again is a success: Stripe stops asking. */
const receive: Handler<StripeEnv> = async ({ request, env, database }) => {
  const body = await request.text();
  const header = request.headers.get('Stripe-Signature');
  const problem = await signatureProblem(header, body, env.STRIPE_WEBHOOK_SECRET, Date.now() / 1000);
  if (problem !== null) throw new HttpError(400, 'invalid_signature', problem);

  const event = parseEvent(body, env.STRIPE_SECRET_KEY);
  const recorded = await database()`
    INSERT INTO webhook_events (id, type, livemode, payload, created_at)
    VALUES (${event.id}, ${event.type}, ${event.livemode}, ${body}::text::jsonb, ${event.createdAt})
    ON CONFLICT (id) DO NOTHING RETURNING id`;
  return Response.json({ received: true, duplicate: recorded.length === 0 });
};

export default serve<StripeEnv>({
  service: 'stripe-webhook-handler',
  routes: {
    'POST /webhooks/stripe': receive,
  },
});
