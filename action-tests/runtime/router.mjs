// The Worker in front of all others: it picks one by hostname, and answers as Cloudflare's edge does
// where there is none, or where it threw. It runs in workerd, not in Node.

import { workerFor } from './routes.mjs';

/** Names a Worker directly, past the routes; an edge sets it that has decided already. */
const CHOSEN = 'MF-Local-Worker';

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    // TLS ends at the edge; the Worker sees the address that its visitor sees.
    if (request.headers.get('X-Forwarded-Proto') === 'https') url.protocol = 'https:';
    const worker = request.headers.get(CHOSEN) ?? workerFor(env.ROUTES, url.hostname, url.pathname + url.search);
    if (worker === null || !(worker in env.SERVICES)) return edgeError(530, 1016);
    const binding = env.SERVICES[worker];
    if (binding === null) return edgeError(500, 1101); // it did not start
    const forwarded = new Request(url, request);
    forwarded.headers.delete(CHOSEN);
    try {
      return await env[binding].fetch(forwarded);
    } catch (error) {
      console.error(`${worker} threw: ${error?.stack ?? error}`);
      return edgeError(500, 1101);
    }
  },
};

/** Cloudflare's plain text for clients that do not ask for HTML. */
function edgeError(status, code) {
  return new Response(`error code: ${code}`, {
    status,
    headers: { 'Content-Type': 'text/plain; charset=UTF-8', 'Cache-Control': 'no-store' },
  });
}
