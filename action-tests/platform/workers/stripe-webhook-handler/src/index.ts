import { sql, webhookEvents } from '@codex/database';
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
  const { id, type, livemode, createdAt: created_at } = event;
  const recorded = await database()
    .insert(webhookEvents)
    // As it was sent, not as we would write it.
    .values({ id, type, livemode, payload: sql`${body}::jsonb`, created_at })
    .onConflictDoNothing({ target: webhookEvents.id })
    .returning({ id: webhookEvents.id });
  return Response.json({ received: true, duplicate: recorded.length === 0 });
};

export default serve<StripeEnv>({
  service: 'stripe-webhook-handler',
  routes: {
    'POST /webhooks/stripe': receive,
  },
});
