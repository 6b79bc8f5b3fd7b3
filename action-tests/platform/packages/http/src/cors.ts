import type { BaseEnv } from '@codex/env';

/** The web app's hostnames are `codex.<zone>` and `codex-<environment>.<zone>`. */
const WEB = 'codex';
/** How long a browser may remember the answer to a preflight, in seconds. */
const MAX_AGE = '86400';

type Env = Pick<BaseEnv, 'ENVIRONMENT' | 'WEB_APP_URL'>;

/**
 * Whether a page of `origin` may call this Worker.
 *
 * Always the web app of the same environment. Previews also let in the production app and each
 * other, so that one service can be tried against another pull request; production and staging let
 * in nobody else: a preview runs code that nobody has reviewed yet.
 */
export function isAllowedOrigin(origin: string, env: Env): boolean {
  const app = URL.canParse(env.WEB_APP_URL) ? new URL(env.WEB_APP_URL) : null;
  if (app === null || !URL.canParse(origin)) return false;
  if (origin === app.origin) return true;
  if (env.ENVIRONMENT !== 'preview') return false;
  const asked = new URL(origin);
  // `https://codex-preview-1.zone` is the whole origin: no path, no user, nothing after it.
  if (asked.origin !== origin || asked.protocol !== app.protocol || asked.port !== app.port) return false;
  const zone = app.hostname.slice(app.hostname.indexOf('.') + 1);
  const suffix = `.${zone}`;
  if (!zone || !asked.hostname.endsWith(suffix)) return false;
  return new RegExp(`^${WEB}(-preview-[1-9]\\d*)?$`).test(asked.hostname.slice(0, -suffix.length));
}

/** The answer to the browser's question whether it may send the real request. */
export function preflight(origin: string): Response {
  return allow(
    new Response(null, {
      status: 204,
      headers: {
        'Access-Control-Allow-Methods': 'GET, HEAD, POST, PATCH, DELETE',
        'Access-Control-Allow-Headers': 'Content-Type, Authorization',
        'Access-Control-Max-Age': MAX_AGE,
      },
    }),
    origin,
  );
}

/** Lets the page of `origin` read the response. */
export function allow(response: Response, origin: string): Response {
  const allowed = new Response(response.body, response);
  allowed.headers.set('Access-Control-Allow-Origin', origin);
  allowed.headers.set('Access-Control-Allow-Credentials', 'true');
  allowed.headers.append('Vary', 'Origin');
  return allowed;
}
