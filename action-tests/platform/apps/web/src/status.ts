import type { HealthDocument } from '@codex/health';

export interface ServiceStatus {
  service: string;
  healthy: boolean;
  checks: HealthDocument['checks'];
}

/** One line of the page, from a health document; whatever goes wrong is «not healthy». */
export async function serviceStatus(
  service: string,
  ask: () => Promise<Pick<Response, 'ok' | 'json'>>,
): Promise<ServiceStatus> {
  try {
    const response = await ask();
    const document = (await response.json()) as Partial<HealthDocument>;
    return { service, healthy: response.ok && document.status === 'healthy', checks: document.checks ?? {} };
  } catch (error) {
    console.error(`web: ${service} did not answer: ${error instanceof Error ? error.message : error}`);
    return { service, healthy: false, checks: {} };
  }
}
