// Cloudflare's route patterns. Plain JavaScript without imports: it runs in Node and, as a module of
// the router Worker, in workerd.

/**
 * The Worker for a request; the most specific pattern wins: an exact hostname over a wildcard one,
 * then the longer hostname, then the longer path. A pattern without a path means every path.
 *
 * @param {{pattern: string, worker: string}[]} routes
 * @param {string} hostname lower case, without port
 * @param {string} path with query, as it is matched by Cloudflare
 * @returns {string | null}
 */
export function workerFor(routes, hostname, path) {
  let best = null;
  for (const { pattern, worker } of routes) {
    const route = parse(pattern);
    if (!matchesHost(route, hostname) || !matchesPath(route, path)) continue;
    if (best === null || compare(route, best.route) > 0) best = { route, worker };
  }
  return best?.worker ?? null;
}

function parse(pattern) {
  const bare = pattern.replace(/^https?:\/\//, '');
  const slash = bare.indexOf('/');
  const host = (slash < 0 ? bare : bare.slice(0, slash)).toLowerCase();
  return { host, path: slash < 0 ? '/*' : bare.slice(slash) };
}

/** `*.example.com` is any subdomain, `*example.com` also the domain itself. */
function matchesHost({ host }, hostname) {
  if (!host.startsWith('*')) return host === hostname;
  const end = host.slice(1);
  return hostname.endsWith(end) && (!end.startsWith('.') || hostname.length > end.length);
}

function matchesPath({ path }, asked) {
  return path.endsWith('*') ? asked.startsWith(path.slice(0, -1)) : asked === path;
}

function compare(a, b) {
  const rank = ({ host, path }) => [host.startsWith('*') ? 0 : 1, host.length, path.endsWith('*') ? 0 : 1, path.length];
  const [left, right] = [rank(a), rank(b)];
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return left[index] - right[index];
  }
  return 0;
}
