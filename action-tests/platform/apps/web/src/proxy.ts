/**
 * The request as another service is to see it: its own path, the visitor's scheme and host (cookies
 * depend on them), and no `Origin`, which was checked here.
 */
export function forwarded(request: Request, url: URL, path: string): Request {
  const target = new URL(`/${path}${url.search}`, url);
  const copy = new Request(target, request);
  copy.headers.delete('Origin');
  return copy;
}
