// The Workers that are served: one workerd, swapped as a whole whenever the wanted set changes (workerd reads its
// configuration once). The old one serves until the new one is up.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Front } from './front.mjs';
import { MISSING, workerOptions } from './miniflare-options.mjs';
import { DATE, SHARED, missingWorker, startError, started, whyNotStarted } from './miniflare-start.mjs';
import { OUTBOUND, outboundWorker } from './outbound.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROUTER = 'codex-actions router';

export class Workers {
  #directory;
  #log;
  #neon;
  #front;
  #miniflare;
  #router;
  #served = { workers: [], failed: new Map(), routes: [] };
  #fingerprint;
  #proven = new Set();
  #last = Promise.resolve();

  /**
   * Starts workerd with no Worker in it: every host answers 530.
   *
   * @param {string} directory an existing directory of ours
   * @param {(line: string) => void} log receives what Workers print
   * @param {{domain: string, address: string, ca: string} | null} neon where Neon's hosts are, for what Workers ask
   */
  static async start(directory, log, neon = null) {
    const workers = new Workers();
    workers.#directory = directory;
    workers.#log = log;
    workers.#neon = neon;
    workers.#router = await Promise.all(
      ['router.mjs', 'routes.mjs'].map(async (name) => ({
        type: 'ESModule',
        path: `/${name}`,
        contents: await readFile(path.join(HERE, name), 'utf8'),
      })),
    );
    workers.#front = await Front.listen();
    workers.#miniflare = await started(workers.#configuration(workers.#served));
    workers.#front.release(Number((await workers.#miniflare.ready).port));
    return workers;
  }

  get url() {
    return this.#front.url;
  }

  /**
   * Makes `workers` and `routes` the whole set that is served, and answers when it is.
   * A Worker that does not start is told in `failed`; the others are served.
   *
   * @returns {Promise<{serving: string[], failed: {name: string, error: string}[], warnings: string[]}>}
   */
  set(wanted) {
    const turn = this.#last.then(() => this.#set(wanted));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async close() {
    this.#front.close();
    await this.#miniflare.dispose();
  }

  async #set({ workers, routes = [] }) {
    const names = workers.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new Error(`two Workers have the name \`${twice}\``);

    const fingerprint = digest([workers, routes]);
    if (fingerprint !== this.#fingerprint) {
      const next = await this.#translate(workers, routes);
      const fresh = await this.#started(next);
      const { port } = await fresh.ready;
      await this.#front.hold();
      try {
        // Ended before the new one gets a request: two workerd that write the same KV namespace get in each
        // other's way (SQLITE_BUSY), a write fails.
        await this.#miniflare.dispose();
      } finally {
        this.#miniflare = fresh;
        this.#served = next;
        this.#fingerprint = fingerprint;
        this.#front.release(Number(port));
      }
      await this.#dropOldAssets();
    }
    return {
      serving: this.#served.workers.map(({ options }) => options.name),
      failed: [...this.#served.failed].map(([name, error]) => ({ name, error })),
      warnings: this.#served.workers.flatMap(({ warnings }) => warnings),
    };
  }

  /** Uploads → miniflare's options; what cannot be translated has failed. */
  async #translate(uploads, routes) {
    const running = new Set(uploads.map(({ name }) => name));
    const next = { workers: [], failed: new Map(), routes };
    for (const upload of uploads) {
      try {
        const assets = upload.assets ? await this.#writeAssets(upload) : null;
        const modules = await Promise.all((upload.modules ?? []).map(async (it) => ({ ...it, contents: await contentOf(it) })));
        next.workers.push({ key: digest(upload), assets, ...workerOptions({ ...upload, modules }, running, assets) });
      } catch (error) {
        next.failed.set(upload.name, error.message);
      }
    }
    withoutFailed(next);
    return next;
  }

  /** Starts `next`; when workerd refuses it, without the Workers that do not start on their own. */
  async #started(next) {
    let miniflare;
    try {
      miniflare = await started(this.#configuration(next));
    } catch (error) {
      const before = next.failed.size;
      for (const { key, options } of next.workers) {
        if (this.#proven.has(key)) continue;
        const reason = await whyNotStarted(options);
        if (reason !== null) next.failed.set(options.name, reason);
      }
      if (next.failed.size === before) throw new Error(startError(error));
      withoutFailed(next);
      miniflare = await started(this.#configuration(next));
    }
    this.#proven = new Set(next.workers.map(({ key }) => key));
    return miniflare;
  }

  #configuration({ workers, failed, routes }) {
    const services = Object.fromEntries([...failed.keys()].map((name) => [name, null]));
    const bindings = {};
    workers.forEach(({ options: { name } }, index) => {
      services[name] = `WORKER_${index}`;
      bindings[`WORKER_${index}`] = name;
    });
    const router = {
      name: ROUTER,
      modulesRoot: '/',
      modules: this.#router,
      compatibilityDate: DATE,
      bindings: { ROUTES: routes, SERVICES: services },
      serviceBindings: bindings,
    };
    return {
      ...SHARED,
      // KV and the like are kept here across swaps, by namespace id.
      defaultPersistRoot: path.join(this.#directory, 'state'),
      handleRuntimeStdio: (...streams) => {
        for (const input of streams) createInterface({ input }).on('line', this.#log);
      },
      // The first Worker gets every request.
      workers: [router, ...workers.map(({ options }) => this.#reaching(options)), missingWorker(), ...this.#outbound()],
    };
  }

  /** Without a stand-in for Neon's hosts, a Worker reaches the network as it is. */
  #reaching(options) {
    return this.#neon === null ? options : { ...options, outboundService: OUTBOUND };
  }

  #outbound() {
    return this.#neon === null ? [] : [outboundWorker(this.#neon, DATE)];
  }

  async #writeAssets({ name, assets }) {
    const root = path.join(this.#directory, 'assets', `${name}-${digest(assets)}`);
    const contents = new Map();
    for (const [file, content] of Object.entries(assets.files)) contents.set(file, await contentOf(content));
    // Header and redirect rules are uploaded as part of the configuration; miniflare reads them as files.
    for (const rules of ['_headers', '_redirects']) {
      if (assets.config?.[rules]) contents.set(rules, assets.config[rules]);
    }
    await mkdir(root, { recursive: true });
    for (const [file, content] of contents) {
      const target = path.join(root, path.posix.join('/', file));
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    return root;
  }

  async #dropOldAssets() {
    const root = path.join(this.#directory, 'assets');
    const used = new Set(this.#served.workers.map(({ assets }) => assets));
    const present = await readdir(root).catch(() => []);
    for (const directory of present.map((name) => path.join(root, name))) {
      if (!used.has(directory)) await rm(directory, { recursive: true, force: true });
    }
  }
}

/** What was sent: in the message itself, or in a file that the caller keeps until the set is served. */
function contentOf({ base64, file }) {
  return file === undefined ? Buffer.from(base64, 'base64') : readFile(file);
}

/** Takes failed Workers out, and points bindings to them elsewhere. */
function withoutFailed(next) {
  const { failed } = next;
  next.workers = next.workers.filter(({ options }) => !failed.has(options.name));
  for (const { options, warnings } of next.workers) {
    for (const [binding, target] of Object.entries(options.serviceBindings ?? {})) {
      const name = target.name ?? target;
      if (!failed.has(name)) continue;
      options.serviceBindings[binding] = MISSING;
      warnings.push(`\`${options.name}\` is bound to \`${name}\`, which did not start`);
    }
  }
}

function digest(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
