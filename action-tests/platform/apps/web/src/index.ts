import type { WebEnv } from '@codex/env';
import { serve, type Handler } from '@codex/http';

import { forwarded } from './proxy.ts';
import { serviceStatus } from './status.ts';

/** Where the page finds the other services, and which environment it belongs to. */
const config: Handler<WebEnv> = ({ env }) =>
  Response.json(
    { environment: env.ENVIRONMENT, version: env.CF_VERSION_METADATA?.id ?? null, apiUrl: env.API_URL },
    { headers: { 'Cache-Control': 'no-store' } },
  );

/** The services behind us; the page asks the public API itself, across origins. */
const status: Handler<WebEnv> = async ({ env }) => {
  const services = await Promise.all([
    serviceStatus('content-api', () => env.CONTENT_API.fetch('https://content-api/health')),
    serviceStatus('identity-api', () => env.CONTENT_API.fetch('https://content-api/identity/health')),
    serviceStatus('auth', () => env.AUTH.fetch('https://auth/health')),
  ]);
  return Response.json({ services }, { headers: { 'Cache-Control': 'no-store' } });
};

/** The browser talks to us alone, so that its session cookie is first-party. */
const content: Handler<WebEnv> = ({ request, url, params, env }) =>
  env.CONTENT_API.fetch(forwarded(request, url, params['*'] ?? ''));
const auth: Handler<WebEnv> = ({ request, url, params, env }) => env.AUTH.fetch(forwarded(request, url, params['*'] ?? ''));

export default serve<WebEnv>({
  service: 'web',
  routes: {
    'GET /api/config': config,
    'GET /api/status': status,
    '* /api/content/*': content,
    '* /api/auth/*': auth,
    // Static assets come first (wrangler.jsonc); this is for what none of them matches.
    'GET /*': ({ request, env }) => env.ASSETS.fetch(request),
  },
});
