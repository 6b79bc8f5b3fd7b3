/** How old a signature may be, in seconds; Stripe's own libraries allow as much. */
const TOLERANCE_SECONDS = 300;

/**
 * Checks a `Stripe-Signature` header: `t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with one `v1`
 * for each secret while a secret is being replaced.
 *
 * @returns null when it is good, or what is wrong
 */
export async function signatureProblem(
  header: string | null,
  body: string,
  secret: string,
  nowSeconds: number,
): Promise<string | null> {
  if (header === null) return 'the Stripe-Signature header is missing';
  const parts = header.split(',').map((part) => part.trim().split('=', 2));
  const timestamp = parts.find(([name]) => name === 't')?.[1];
  const signatures = parts.filter(([name]) => name === 'v1').map(([, value]) => value ?? '');
  if (!timestamp || !/^\d+$/.test(timestamp) || signatures.length === 0) return 'the Stripe-Signature header is malformed';

  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  const signed = new TextEncoder().encode(`${timestamp}.${body}`);
  // `verify` compares in constant time.
  const checks = signatures.map((hex) => crypto.subtle.verify('HMAC', key, fromHex(hex), signed));
  if (!(await Promise.all(checks)).includes(true)) return 'the signature does not match';
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return 'the signature is too old';
  return null;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
