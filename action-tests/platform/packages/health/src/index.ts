/** The application's; a release changes it. */
const VERSION = '1.0.0';

/** What one check found; `details` when it looked at several things. */
export type CheckResult =
  | { status: 'ok'; details?: { name: string; status: 'ok' }[] }
  | { status: 'error'; message: string };

/** What every service answers at `/health`; 200 when it is healthy, 503 when it is not. */
export interface HealthDocument {
  status: 'healthy' | 'unhealthy';
  service: string;
  /** The application's. */
  version: string;
  timestamp: string;
  checks: Record<string, CheckResult>;
}

/** A check rejects when what it looks at does not work. */
export interface Check {
  /** How long it may take, in milliseconds. */
  limit: number;
  run: () => Promise<unknown>;
}

/** Runs all checks at once and answers with the health document. */
export async function healthResponse(service: string, checks: Record<string, Check>): Promise<Response> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await result(service, name, check)] as const),
  );
  const document = healthDocument(service, Object.fromEntries(results), new Date());
  return Response.json(document, {
    status: document.status === 'healthy' ? 200 : 503,
    headers: { 'Cache-Control': 'no-store' },
  });
}

export function healthDocument(service: string, checks: Record<string, CheckResult>, now: Date): HealthDocument {
  const healthy = Object.values(checks).every(({ status }) => status === 'ok');
  return { status: healthy ? 'healthy' : 'unhealthy', service, version: VERSION, timestamp: now.toISOString(), checks };
}

/** The reason goes to the log: the document is public. */
async function result(service: string, name: string, { limit, run }: Check): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit);
  });
  try {
    const found = await Promise.race([run(), late]);
    return { status: 'ok', ...(Array.isArray(found) ? { details: found } : {}) };
  } catch (error) {
    console.error(`${service}: check ${name} failed: ${error instanceof Error ? error.message : error}`);
    return { status: 'error', message: `${name} does not answer as it should` };
  } finally {
    clearTimeout(timer);
  }
}
