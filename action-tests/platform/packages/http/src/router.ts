import type { Database } from '@codex/database';

/** What a handler is given. */
export interface Context<Env> {
  readonly request: Request;
  readonly url: URL;
  readonly env: Env;
  readonly execution: ExecutionContext;
  /** Parts of the path, by the name in the route's pattern. */
  readonly params: Readonly<Record<string, string>>;
  /** The request's database client, made when first asked for. */
  readonly database: () => Database;
}

export type Handler<Env> = (context: Context<Env>) => Promise<Response> | Response;

/** `'GET /items/:id'` → handler. `*` at the end takes the rest of the path; `*` as method takes all. */
export type Routes<Env> = Readonly<Record<string, Handler<Env>>>;

export type Match<Env> =
  | { readonly found: true; readonly handler: Handler<Env>; readonly params: Record<string, string> }
  | { readonly found: false; readonly allowed: string[] };

/** The first route for a method and path; `allowed` tells the methods that the path does know. */
export function match<Env>(routes: Routes<Env>, method: string, path: string): Match<Env> {
  const allowed: string[] = [];
  for (const [route, handler] of Object.entries(routes)) {
    const [wanted = '', pattern = ''] = route.split(' ');
    const params = matchPath(pattern, path);
    if (params === null) continue;
    const asked = method === 'HEAD' ? 'GET' : method;
    if (wanted === '*' || wanted === asked) return { found: true, handler, params };
    allowed.push(wanted);
  }
  return { found: false, allowed };
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = segments(pattern);
  const asked = segments(path);
  const open = wanted.at(-1) === '*';
  if (open ? asked.length < wanted.length - 1 : asked.length !== wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    if (segment === '*') {
      params['*'] = asked.slice(index).join('/');
      break;
    }
    const value = asked[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = decode(value);
    else if (segment !== value) return null;
  }
  return params;
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
