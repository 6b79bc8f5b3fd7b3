// Neon as local-cloud plays it, for tests whose Workers ask it by the serverless driver.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { neon, neonConfig } from '@neondatabase/serverless';

import { RUNTIME } from './harness.mjs';

const BINARY = path.join(process.env.CODEX_ACTIONS_BIN_DIR ?? path.resolve(RUNTIME, '../../target/debug'), 'local-cloud');
const PROJECT = 'quiet-river-12345678';

export const isBuilt = existsSync(BINARY);

export class Neon {
  #child;
  #ready;

  static async start() {
    const cloud = new Neon();
    cloud.#child = spawn(BINARY, ['serve', '--runtime', '--neon-front'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: cloud.#child.stdout }), 'line');
    cloud.#ready = JSON.parse(line);
    return cloud;
  }

  /** Where its hosts are, as a runtime is told. */
  async described(uri) {
    const { hostname, port } = new URL(uri);
    const ca = await (await fetch(this.#ready.ca)).text();
    return { domain: hostname.split('.').slice(1).join('.'), address: `127.0.0.1:${port}`, ca };
  }

  /** A new branch; answers the connection string of its direct host. */
  async branch(name) {
    const body = { branch: { name }, endpoints: [{ type: 'read_write' }] };
    const made = await this.#api('POST', '/branches', body);
    while ((await this.#api('GET', `/branches/${made.branch.id}`)).branch.current_state !== 'ready') await pause();
    return this.uri(made.branch.id);
  }

  async uri(branch) {
    const query = `branch_id=${branch}&database_name=neondb&role_name=neondb_owner`;
    return (await this.#api('GET', `/connection_uri?${query}`)).uri;
  }

  async seed(neon) {
    const answer = await fetch(`${this.#ready.admin}/seed`, json('POST', { neon }));
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Rows of a query, by the driver, past its own endpoints. */
  async query(uri, sql) {
    neonConfig.fetchEndpoint = `http://localhost:${new URL(uri).port}/sql`;
    return neon(uri).query(sql);
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  async #api(method, where, body) {
    const answer = await fetch(`${this.#ready.neon}/projects/${PROJECT}${where}`, json(method, body));
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

function json(method, body) {
  const headers = { Authorization: 'Bearer any', 'Content-Type': 'application/json' };
  return { method, headers, ...(body && { body: JSON.stringify(body) }) };
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
