// Starts the runtime as local-cloud does, and speaks its protocol.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

export const RUNTIME = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export class Runtime {
  #child;
  #waiting = new Map();
  #lastId = 0;
  stderr = '';

  static async start({ env = {} } = {}) {
    const runtime = new Runtime();
    runtime.#child = spawn(process.execPath, ['main.mjs'], {
      cwd: RUNTIME,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    runtime.exited = once(runtime.#child, 'exit');
    runtime.#child.stderr.on('data', (chunk) => (runtime.stderr += chunk));
    const ready = new Promise((resolve, reject) => {
      createInterface({ input: runtime.#child.stdout }).on('line', (line) => {
        const message = JSON.parse(line);
        if (message.ready) resolve(message);
        else runtime.#settle(message);
      });
      runtime.exited.then(([code]) => reject(new Error(`the runtime ended with ${code}: ${runtime.stderr}`)));
    });
    Object.assign(runtime, await ready);
    return runtime;
  }

  get pid() {
    return this.#child.pid;
  }

  call(method, params) {
    return this.send(JSON.stringify({ id: (this.#lastId += 1), method, params }), this.#lastId);
  }

  /** Writes a raw line and waits for the answer with `id`. */
  send(line, id) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${line}\n`);
    });
  }

  #settle({ id, result, error }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }

  async connect(database) {
    const { host, port, user, password } = this.postgres;
    const client = new pg.Client({ host, port, user, password, database });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** A request to workerd with the Host header of `url`, as the edge sends it. */
  fetch(url, { method = 'GET', headers = {}, body } = {}) {
    const { host, pathname, search } = new URL(url);
    return new Promise((resolve, reject) => {
      const request = http.request(
        this.workerd,
        { method, path: pathname + search, headers: { ...headers, host } },
        async (response) => {
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          resolve({ status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Waits until the log says so: it comes by another way than the answers. */
  async logged(pattern) {
    for (const deadline = Date.now() + 2000; !pattern.test(this.stderr); ) {
      if (Date.now() > deadline) throw new Error(`${pattern} is not in the log: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  kill(signal) {
    this.#child.kill(signal);
  }

  async stop() {
    this.#child.stdin.end();
    const [code, signal] = await this.exited;
    return signal ?? code;
  }
}

/** A Worker of one module, in the protocol's shape. */
export function worker(name, source, more = {}) {
  return {
    name,
    version: '00000000-0000-4000-8000-000000000000',
    main_module: 'index.js',
    modules: [{ name: 'index.js', type: 'esm', base64: base64(source) }],
    compatibility_date: '2026-11-01', // later than workerd's own
    compatibility_flags: [],
    bindings: [],
    assets: null,
    ...more,
  };
}

export function assets(files, config = {}) {
  const encoded = Object.entries(files).map(([path, text]) => [path, { base64: base64(text), content_type: 'text/html' }]);
  return { files: Object.fromEntries(encoded), config };
}

function base64(text) {
  return Buffer.from(text).toString('base64');
}
