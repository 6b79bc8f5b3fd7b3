import type { BaseEnv } from '@codex/env';

export type CheckResult = 'ok' | 'error';

/** What every service answers at `/health`; 200 when it is healthy, 503 when it is not. */
export interface HealthDocument {
  status: 'healthy' | 'unhealthy';
  service: string;
  environment: string;
  timestamp: string;
  /** The Worker version that answers, so that a deploy can wait for its own. */
  version?: string;
  checks: Record<string, CheckResult>;
}

/** A check rejects when what it looks at does not work. */
export interface Check {
  /** How long it may take, in milliseconds. */
  limit: number;
  run: () => Promise<unknown>;
}

type Env = Pick<BaseEnv, 'ENVIRONMENT' | 'CF_VERSION_METADATA'>;

/** Runs all checks at once and answers with the health document. */
export async function healthResponse(service: string, env: Env, checks: Record<string, Check>): Promise<Response> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await result(service, name, check)] as const),
  );
  const document = healthDocument(service, env, Object.fromEntries(results), new Date());
  return Response.json(document, {
    status: document.status === 'healthy' ? 200 : 503,
    headers: { 'Cache-Control': 'no-store' },
  });
}

export function healthDocument(
  service: string,
  env: Env,
  checks: Record<string, CheckResult>,
  now: Date,
): HealthDocument {
  const healthy = Object.values(checks).every((result) => result === 'ok');
  const version = env.CF_VERSION_METADATA?.id;
  return {
    status: healthy ? 'healthy' : 'unhealthy',
    service,
    environment: env.ENVIRONMENT,
    timestamp: now.toISOString(),
    ...(version ? { version } : {}),
    checks,
  };
}

/** The reason goes to the log: the document is public. */
async function result(service: string, name: string, { limit, run }: Check): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit);
  });
  try {
    await Promise.race([run(), late]);
    return 'ok';
  } catch (error) {
    console.error(`${service}: check ${name} failed: ${error instanceof Error ? error.message : error}`);
    return 'error';
  } finally {
    clearTimeout(timer);
  }
}
