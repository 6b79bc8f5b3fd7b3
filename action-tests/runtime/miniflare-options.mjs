// From what was uploaded (modules, and bindings in the shapes of Cloudflare's upload metadata) to
// miniflare's options. Pure: no file is read or written here.

import { compatibilityDate as newestDate } from 'workerd';

/** Stands in for a Worker that another one is bound to and that does not run. */
export const MISSING = 'codex-actions missing';

const MODULE_TYPES = {
  esm: 'ESModule',
  commonjs: 'CommonJS',
  text: 'Text',
  data: 'Data',
  wasm: 'CompiledWasm',
  python: 'PythonModule',
};

/** Bindings that are one entry in one of miniflare's options: `[option, value]`. */
const BINDINGS = {
  plain_text: ({ text }) => ['bindings', text],
  secret_text: ({ text }) => ['bindings', text],
  json: ({ json }) => ['bindings', json],
  kv_namespace: ({ namespace_id: id }) => ['kvNamespaces', id],
  r2_bucket: ({ bucket_name: name }) => ['r2Buckets', name],
  d1: ({ id, database_id: older }) => ['d1Databases', id ?? older],
  queue: ({ queue_name: queueName }) => ['queueProducers', { queueName }],
  durable_object_namespace: ({ class_name: className, script_name: scriptName }) => [
    'durableObjects',
    { className, scriptName, useSQLite: true },
  ],
};

/**
 * @param {object} worker as in the `workers` method, its modules with their `contents`
 * @param {Set<string>} running names of the Workers in the same set
 * @param {string | null} assetsDirectory where this Worker's static assets were written
 * @returns {{options: object, warnings: string[]}} options of one miniflare Worker
 * @throws {Error} when the Worker cannot run at all, with the reason
 */
export function workerOptions(worker, running, assetsDirectory) {
  const warnings = [];
  const options = {
    name: worker.name,
    modulesRoot: '/',
    modules: modulesOf(worker),
    compatibilityDate: supportedDate(worker.compatibility_date),
    compatibilityFlags: worker.compatibility_flags ?? [],
  };
  let assetsBinding;
  for (const binding of worker.bindings ?? []) {
    if (binding.type === 'assets') {
      assetsBinding = binding.name;
    } else if (binding.type === 'version_metadata') {
      set(options, 'bindings', binding.name, versionMetadata(worker, binding));
    } else if (binding.type === 'service') {
      if (!running.has(binding.service)) {
        warnings.push(`\`${worker.name}\` is bound to \`${binding.service}\`, which does not run`);
      }
      set(options, 'serviceBindings', binding.name, serviceTarget(binding, running));
    } else if (Object.hasOwn(BINDINGS, binding.type)) {
      const [option, value] = BINDINGS[binding.type](binding);
      set(options, option, binding.name, value);
    } else {
      warnings.push(`\`${worker.name}\`: no local stand-in for binding \`${binding.name}\` of type \`${binding.type}\``);
    }
  }
  if (assetsDirectory !== null) {
    options.assets = assetsOptions(worker, assetsDirectory, assetsBinding);
  }
  return { options, warnings };
}

/** The newest date that this workerd knows; a later one would make it refuse the Worker. */
function supportedDate(date) {
  // Cloudflare's default for an upload without a date.
  if (!date) return '2021-11-02';
  return date < newestDate ? date : newestDate;
}

function modulesOf({ main_module: main, modules = [], assets }) {
  // A Worker of static assets alone; miniflare wants a script all the same.
  if (!main && assets) return [{ type: 'ESModule', path: '/none.mjs', contents: 'export default {};' }];
  const entry = modules.find(({ name }) => name === main);
  if (!entry) throw new Error(`main module \`${main}\` is not among the uploaded modules`);
  // miniflare takes the first module as the entry point.
  return [entry, ...modules.filter((module) => module !== entry)]
    .filter(({ type }) => type !== 'sourcemap')
    .map(({ name, type, contents }) => {
      if (!Object.hasOwn(MODULE_TYPES, type)) throw new Error(`module \`${name}\` has the unknown type \`${type}\``);
      return { type: MODULE_TYPES[type], path: `/${name}`, contents };
    });
}

function versionMetadata({ version, version_tag: tag, version_timestamp: timestamp }, binding) {
  return {
    id: binding.id ?? version ?? '',
    tag: binding.tag ?? tag ?? '',
    timestamp: binding.timestamp ?? timestamp ?? new Date(0).toISOString(),
  };
}

function serviceTarget({ service, entrypoint, props }, running) {
  if (!running.has(service)) return MISSING;
  return entrypoint || props ? { name: service, entrypoint, props } : service;
}

function assetsOptions({ main_module: main, assets }, directory, binding) {
  const { run_worker_first: workerFirst, html_handling, not_found_handling } = assets.config ?? {};
  const routerConfig = { has_user_worker: Boolean(main) };
  if (Array.isArray(workerFirst)) {
    // `!/pattern` means: here the asset comes first after all.
    const isException = (rule) => rule.startsWith('!');
    routerConfig.static_routing = {
      user_worker: workerFirst.filter((rule) => !isException(rule)),
      asset_worker: workerFirst.filter(isException).map((rule) => rule.slice(1)),
    };
  } else {
    routerConfig.invoke_user_worker_ahead_of_assets = workerFirst === true;
  }
  return { directory, binding, routerConfig, assetConfig: { html_handling, not_found_handling } };
}

function set(options, option, name, value) {
  options[option] ??= {};
  options[option][name] = value;
}
