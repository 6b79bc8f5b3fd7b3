// One miniflare: how it is started, and why it was not.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { ASSETS_PLUGIN, Log, LogLevel, Miniflare } from 'miniflare';
import workerd from 'workerd';

import { MISSING } from './miniflare-options.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** The newest compatibility date that this workerd knows. */
export const DATE = workerd.compatibilityDate;

process.env.CODEX_ACTIONS_WORKERD ??= workerd.default;
process.env.MINIFLARE_WORKERD_PATH ??= path.join(HERE, 'run-workerd.sh');
keepAssetsApart();

export const SHARED = {
  host: '127.0.0.1',
  port: 0,
  cf: false, // or miniflare asks Cloudflare for an example of `request.cf`
  telemetry: { enabled: false },
  log: new Log(LogLevel.WARN),
};

/** miniflare ends the process on a signal, before the rest could be stopped in order: not here. */
function newMiniflare(options) {
  const signals = ['SIGINT', 'SIGTERM'];
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const miniflare = new Miniflare(options);
  for (const [signal, ours] of before) {
    for (const listener of process.listeners(signal)) {
      if (!ours.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return miniflare;
}

/** Starts one and waits until it serves; one that does not come up is ended. */
export async function started(options) {
  const miniflare = newMiniflare(options);
  try {
    await miniflare.ready;
    return miniflare;
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

/** Bindings to a Worker that does not run lead here. */
export function missingWorker() {
  return {
    name: MISSING,
    modules: true,
    script: 'export default { fetch() { throw new Error("the Worker of this service binding does not run"); } };',
    compatibilityDate: DATE,
  };
}

/** Starts one Worker alone in a workerd of its own; null when it starts. */
export async function whyNotStarted(options) {
  const alone = {
    ...options,
    serviceBindings: Object.fromEntries(Object.keys(options.serviceBindings ?? {}).map((name) => [name, MISSING])),
  };
  try {
    const miniflare = await started({
      ...SHARED,
      handleRuntimeStdio: (...streams) => streams.forEach((stream) => stream.resume()),
      workers: [alone, missingWorker()],
    });
    await miniflare.dispose().catch(() => {});
    return null;
  } catch (error) {
    return startError(error);
  }
}

/** What workerd itself said, without miniflare's preface and our internal service name. */
export function startError(error) {
  const text = error.message.split('Runtime stderr:\n').at(-1);
  return text.replace(/^.*service core:user:[^:]+: /m, '').trim();
}

/**
 * miniflare names the disk of every Worker's assets `assets:storage`, so that the second Worker with
 * assets would serve the first one's files. Each gets a name of its own.
 */
function keepAssetsApart() {
  const getServices = ASSETS_PLUGIN.getServices.bind(ASSETS_PLUGIN);
  ASSETS_PLUGIN.getServices = async (context) => {
    const services = await getServices(context);
    const disk = services.find((service) => service.disk);
    if (!disk) return services;
    const shared = disk.name;
    disk.name = `${shared}:${context.options.assets.workerName}`;
    for (const { service } of services.flatMap(({ worker }) => worker?.bindings ?? [])) {
      if (service?.name === shared) service.name = disk.name;
    }
    return services;
  };
}
