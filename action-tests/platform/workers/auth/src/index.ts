import { accounts, eq, sql } from '@codex/database';
import type { AuthEnv } from '@codex/env';
import { HttpError, limitRate, readJson, requiredText, serve, type Context, type Handler } from '@codex/http';

import { hashPassword, verifyPassword } from './password.ts';
import { closeSession, openSession, readSession, sessionCookie, type Session } from './session.ts';

const ATTEMPTS = { requests: 10, seconds: 60 };
const SHORTEST_PASSWORD = 10;
const LONGEST_PASSWORD = 500;

const signUp: Handler<AuthEnv> = async (context) => {
  const { request, env, database } = context;
  await limitRate(env.RATE_LIMIT_KV, request, 'sign-up', ATTEMPTS);
  const body = await readJson(request);
  const [email, name] = [requiredText(body, 'email'), requiredText(body, 'name')];
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new HttpError(422, 'invalid_field', '`email` is not an address');
  const password = passwordOf(body);
  if (password.length < SHORTEST_PASSWORD) {
    throw new HttpError(422, 'invalid_field', `\`password\` has fewer than ${SHORTEST_PASSWORD} characters`);
  }
  const [account] = await database()
    .insert(accounts)
    .values({ email, name, password_hash: await hashPassword(password, env.BETTER_AUTH_SECRET) })
    .onConflictDoNothing()
    .returning({ id: accounts.id });
  if (!account) throw new HttpError(409, 'email_taken', 'somebody has this address already');
  return signedIn(context, { accountId: account.id, email, name }, 201);
};

const signIn: Handler<AuthEnv> = async (context) => {
  const { request, env, database } = context;
  await limitRate(env.RATE_LIMIT_KV, request, 'sign-in', ATTEMPTS);
  const body = await readJson(request);
  const email = requiredText(body, 'email');
  const password = passwordOf(body);
  const [account] = await database()
    .select()
    .from(accounts)
    .where(eq(sql`lower(${accounts.email})`, sql`lower(${email})`));
  if (!account || !(await verifyPassword(password, env.BETTER_AUTH_SECRET, account.password_hash))) {
    throw new HttpError(401, 'wrong_credentials', 'the address or the password is wrong');
  }
  return signedIn(context, { accountId: account.id, email: account.email, name: account.name }, 200);
};

const currentSession: Handler<AuthEnv> = async ({ request, env }) => {
  const session = await readSession(env.AUTH_SESSION_KV, env.SESSION_SECRET, request);
  return Response.json({ session }, { headers: { 'Cache-Control': 'no-store' } });
};

const signOut: Handler<AuthEnv> = async ({ request, url, env }) => {
  await closeSession(env.AUTH_SESSION_KV, env.SESSION_SECRET, request);
  return new Response(null, { status: 204, headers: { 'Set-Cookie': sessionCookie('', isSecure(url)) } });
};

async function signedIn({ url, env }: Context<AuthEnv>, session: Session, status: number): Promise<Response> {
  const value = await openSession(env.AUTH_SESSION_KV, env.SESSION_SECRET, session);
  return Response.json({ session }, { status, headers: { 'Set-Cookie': sessionCookie(value, isSecure(url)) } });
}

/** As it was typed: a password may begin or end with a space. */
function passwordOf(body: Record<string, unknown>): string {
  const password = body['password'];
  if (typeof password !== 'string' || password === '' || password.length > LONGEST_PASSWORD) {
    throw new HttpError(422, 'invalid_field', '`password` is missing or too long');
  }
  return password;
}

function isSecure(url: URL): boolean {
  return url.protocol === 'https:';
}

export default serve<AuthEnv>({
  service: 'auth-worker',
  namespaces: ({ AUTH_SESSION_KV }) => ({ AUTH_SESSION_KV }),
  routes: {
    'POST /sign-up': signUp,
    'POST /sign-in': signIn,
    'GET /session': currentSession,
    'POST /sign-out': signOut,
  },
});
