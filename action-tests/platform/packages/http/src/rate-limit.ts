import { HttpError } from './errors.ts';

interface Limit {
  /** Requests in a window. */
  requests: number;
  /** The window's length in seconds; KV keeps nothing for less than a minute. */
  seconds: number;
}

/**
 * Refuses with 429 whoever asks too often. KV is only consistent after a while, so this stops a
 * flood, not the hundred-and-first request.
 */
export async function limitRate(kv: KVNamespace, request: Request, name: string, limit: Limit): Promise<void> {
  const client = request.headers.get('CF-Connecting-IP') ?? 'unknown';
  const window = Math.floor(Date.now() / 1000 / limit.seconds);
  const key = `${name}:${client}:${window}`;
  const used = Number((await kv.get(key)) ?? 0);
  if (used >= limit.requests) {
    throw new HttpError(429, 'too_many_requests', `${name} is limited to ${limit.requests} in ${limit.seconds} s`);
  }
  await kv.put(key, String(used + 1), { expirationTtl: Math.max(60, limit.seconds * 2) });
}
