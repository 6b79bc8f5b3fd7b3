const COOKIE = 'codex_session';
/** A week, in seconds. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

export interface Session {
  accountId: string;
  email: string;
  name: string;
}

/** Stores a session; the answer is the value of its cookie, `<id>.<signature>`. */
export async function openSession(kv: KVNamespace, secret: string, session: Session): Promise<string> {
  const id = crypto.randomUUID();
  await kv.put(keyOf(id), JSON.stringify(session), { expirationTtl: SESSION_SECONDS });
  return `${id}.${await sign(id, secret)}`;
}

export async function readSession(kv: KVNamespace, secret: string, request: Request): Promise<Session | null> {
  const id = await sessionId(secret, request);
  return id === null ? null : kv.get<Session>(keyOf(id), 'json');
}

export async function closeSession(kv: KVNamespace, secret: string, request: Request): Promise<void> {
  const id = await sessionId(secret, request);
  if (id !== null) await kv.delete(keyOf(id));
}

/** The `Set-Cookie` header for a value; an empty value takes the cookie away. */
export function sessionCookie(value: string, secure: boolean): string {
  const age = value === '' ? 0 : SESSION_SECONDS;
  return `${COOKIE}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** The id from the request's cookie, when we signed it. */
export async function sessionId(secret: string, request: Request): Promise<string | null> {
  const cookies = (request.headers.get('Cookie') ?? '').split(';').map((cookie) => cookie.trim());
  const value = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
  const [id, signature] = value?.split('.') ?? [];
  if (!id || !signature) return null;
  const key = await signingKey(secret, 'verify');
  const valid = await crypto.subtle.verify('HMAC', key, bytes(signature), new TextEncoder().encode(id));
  return valid ? id : null;
}

async function sign(id: string, secret: string): Promise<string> {
  const key = await signingKey(secret, 'sign');
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(id));
  return Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function signingKey(secret: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function keyOf(id: string): string {
  return `session:${id}`;
}
