import { HttpError } from '@codex/http';

/** What we keep of an event. */
export interface StripeEvent {
  id: string;
  type: string;
  livemode: boolean;
  createdAt: Date;
}

/** @throws {HttpError} 400 when the body is no event, or one of the other mode than our key's */
export function parseEvent(body: string, secretKey: string): StripeEvent {
  let event: Record<string, unknown>;
  try {
    event = Object(JSON.parse(body));
  } catch {
    throw new HttpError(400, 'invalid_event', 'the body is not JSON');
  }
  const { id, type, livemode, created } = event;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof livemode !== 'boolean' || typeof created !== 'number') {
    throw new HttpError(400, 'invalid_event', 'the body is not a Stripe event');
  }
  // An endpoint set up in the wrong mode would fill a preview with real customers, or production with
  // invented ones.
  const keyIsLive = /^(sk|rk)_live_/.test(secretKey);
  if (livemode !== keyIsLive) {
    throw new HttpError(400, 'wrong_mode', `a ${mode(livemode)} event came to a service with a ${mode(keyIsLive)} key`);
  }
  return { id, type, livemode, createdAt: new Date(created * 1000) };
}

function mode(live: boolean): string {
  return live ? 'live' : 'test';
}
