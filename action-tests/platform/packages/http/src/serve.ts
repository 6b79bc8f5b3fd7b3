import { openDatabase, sql, type Database } from '@codex/database';
import type { BaseEnv } from '@codex/env';
import { healthResponse } from '@codex/health';

import { allow, isAllowedOrigin, preflight } from './cors.ts';
import { HttpError } from './errors.ts';
import { match, type Routes } from './router.ts';

const DATABASE_LIMIT_MS = 2000;
const KV_LIMIT_MS = 1000;

interface Options<Env> {
  /** The Worker's base name. */
  service: string;
  routes: Routes<Env>;
  /** The namespaces that the service cannot do without, besides the rate limits, by binding. */
  namespaces?: (env: Env) => Record<string, KVNamespace>;
}

/** The Worker of a service: CORS, `/health`, its routes, and one kind of answer for errors. */
export function serve<Env extends BaseEnv>({ service, routes, namespaces }: Options<Env>) {
  const allNamespaces = (env: Env) => ({ RATE_LIMIT_KV: env.RATE_LIMIT_KV, ...namespaces?.(env) });
  const all: Routes<Env> = {
    'GET /health': ({ env, database }) =>
      healthResponse(service, {
        database: { limit: DATABASE_LIMIT_MS, run: async () => database().execute(sql`SELECT 1`) },
        kv: {
          limit: KV_LIMIT_MS,
          run: () => Promise.all(Object.entries(allNamespaces(env)).map(([name, kv]) => reach(name, kv))),
        },
      }),
    ...routes,
  };

  return {
    async fetch(request, env, execution) {
      const url = new URL(request.url);
      const origin = request.headers.get('Origin');
      const foreign = origin !== null && origin !== url.origin;
      if (foreign && !isAllowedOrigin(origin, env)) {
        return new HttpError(403, 'origin_not_allowed', 'pages of this origin may not call this service').toResponse();
      }
      if (foreign && request.method === 'OPTIONS') return preflight(origin);
      const response = await answer(service, all, request, url, env, execution);
      return foreign ? allow(response, origin) : response;
    },
  } satisfies ExportedHandler<Env>;
}

async function reach(name: string, kv: KVNamespace): Promise<{ name: string; status: 'ok' }> {
  await kv.get('health');
  return { name, status: 'ok' };
}

async function answer<Env extends BaseEnv>(
  service: string,
  routes: Routes<Env>,
  request: Request,
  url: URL,
  env: Env,
  execution: ExecutionContext,
): Promise<Response> {
  let opened: Database | undefined;
  const database = () => (opened ??= openDatabase(env.DATABASE_URL, env.DB_METHOD));
  try {
    const route = match(routes, request.method, url.pathname);
    if (route.found) {
      return await route.handler({ request, url, env, execution, params: route.params, database });
    }
    if (route.allowed.length > 0) {
      const allowed = route.allowed.join(', ');
      const response = new HttpError(405, 'method_not_allowed', `this path knows ${allowed}`).toResponse();
      response.headers.set('Allow', allowed);
      return response;
    }
    return new HttpError(404, 'not_found', `there is no ${url.pathname} here`).toResponse();
  } catch (error) {
    if (error instanceof HttpError) return error.toResponse();
    console.error(`${service}: ${request.method} ${url.pathname}: ${error instanceof Error ? error.stack : error}`);
    return new HttpError(500, 'internal', 'something went wrong; it was logged').toResponse();
  }
}
