// The platform of ../platform, bundled by its own wrangler, run as it is uploaded: real workerd, its own migrations,
// and Neon as local-cloud plays it, asked by the serverless driver.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { parseUploadForm } from './form.mjs';
import { Runtime, RUNTIME } from './harness.mjs';
import { isBuilt, Neon } from './neon.mjs';

const run = promisify(execFile);
const PLATFORM = path.resolve(RUNTIME, '../platform');
const NODE = path.join(PLATFORM, 'node_modules/.bin/node');
const ZONE = 'revelations.test';

/** What `codex.toml` says of preview 42, as far as it matters here. */
const SERVICES = {
  'identity-api': { folder: 'workers/identity-api', subdomain: 'identity-api' },
  'content-api': { folder: 'workers/content-api', subdomain: 'content-api' },
  'auth-worker': { folder: 'workers/auth', subdomain: 'auth' },
  'stripe-webhook-handler': { folder: 'workers/stripe-webhook-handler', subdomain: 'api' },
  'codex-web': { folder: 'apps/web', subdomain: 'codex', service: 'web' },
};
const SECRETS = {
  SESSION_SECRET: 'session-secret',
  BETTER_AUTH_SECRET: 'better-auth-secret',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
};
const urlOf = (name) => `http://${SERVICES[name].subdomain}-preview-42.${ZONE}`;

const skip = skipped();
/** local-cloud's first branch. */
const PRODUCTION = 'br-quiet-sun-a1b2c3d4';
let cloud;
let preview;
let production;
let runtime;
let output;

before(async () => {
  if (skip) return;
  [cloud, output] = await Promise.all([Neon.start(), mkdtemp(path.join(os.tmpdir(), 'platform-'))]);
  [preview, production] = await Promise.all([cloud.branch('preview-pr-42'), cloud.uri(PRODUCTION)]);
  const described = JSON.stringify(await cloud.described(preview));
  runtime = await Runtime.start({ env: { CODEX_ACTIONS_NEON: described } });
});
after(async () => {
  await runtime?.stop();
  await cloud?.stop();
  if (output) await rm(output, { recursive: true, force: true });
});

function skipped() {
  if (!existsSync(NODE)) return 'run `npm ci` in action-tests/platform first';
  return isBuilt ? false : 'run `cargo build -p local-cloud` first';
}

test('drizzle-kit runs the migrations, each once', { skip }, async () => {
  assert.match(await migrate(preview), /migrations applied successfully/);
  await migrate(preview);
  const applied = await cloud.query(preview, 'SELECT count(*)::int AS n FROM drizzle.__drizzle_migrations');
  assert.deepEqual(applied, [{ n: 2 }]);
  assert.deepEqual(await cloud.query(production, "SELECT to_regclass('organizations') AS table"), [{ table: null }]);
  await migrate(production);
});

test('a migration that cannot connect fails, without the password', { skip }, async () => {
  const { password } = new URL(preview);
  await assert.rejects(migrate(preview.replace('/neondb?', '/absent?')), ({ code, stdout, stderr }) => {
    assert.equal(code, 1);
    return !`${stdout}${stderr}`.includes(password);
  });
  const pooled = `postgresql://u:${password}@ep-a-b-12345678-pooler.aws.neon.tech/neondb`;
  await assert.rejects(migrate(pooled), /leads to the pooler/);
  await assert.rejects(migrate(''), /DATABASE_URL is not set/);
});

for (const environment of ['', 'production', 'staging']) {
  test(`all five bundle and answer healthy, environment "${environment}"`, { skip, timeout: 120_000 }, async () => {
    const { failed, warnings } = await deploy(environment);
    assert.deepEqual([failed, warnings], [[], []]);
    for (const name of Object.keys(SERVICES)) {
      const answer = await runtime.fetch(`${urlOf(name)}/health`);
      const { timestamp, ...document } = answer.json();
      assert.equal(answer.status, 200, name);
      assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000);
      const namespaces = ['RATE_LIMIT_KV', ...(name === 'auth-worker' ? ['AUTH_SESSION_KV'] : [])];
      assert.deepEqual(document, {
        status: 'healthy',
        service: SERVICES[name].service ?? name,
        version: '1.0.0',
        checks: {
          database: { status: 'ok' },
          kv: { status: 'ok', details: namespaces.map((binding) => ({ name: binding, status: 'ok' })) },
        },
      });
    }
  });
}

test('content is written by POST, checked by identity-api, and stays in the branch', { skip }, async () => {
  await deploy('');
  const created = await post('content-api', '/items', { title: 'From the test', body: 'b' });
  assert.equal(created.status, 201);
  const item = created.json();
  assert.equal(item.organization, 'revelations');
  const rows = await cloud.query(preview, `SELECT title FROM content_items WHERE id = '${item.id}'`);
  assert.deepEqual(rows, [{ title: 'From the test' }]);
  assert.deepEqual(await cloud.query(production, 'SELECT * FROM content_items'), []);

  const { items, organization } = (await runtime.fetch(`${urlOf('content-api')}/items`)).json();
  assert.deepEqual([items[0].id, organization.name], [item.id, 'Revelations Studio']);
  const patched = await post('content-api', `/items/${item.id}`, { status: 'published' }, { method: 'PATCH' });
  assert.deepEqual([patched.status, patched.json().title, patched.json().status], [200, 'From the test', 'published']);
  assert.ok(patched.json().updated_at > item.updated_at);

  const refusals = [
    [await post('content-api', '/items', {}), 422],
    [await post('content-api', '/items', { title: 't', organization: 'nobody' }), 422],
    [await post('content-api', '/items', { title: 't', status: 'gone' }), 422],
    [await runtime.fetch(`${urlOf('content-api')}/items/1`), 404],
    [await runtime.fetch(`${urlOf('content-api')}/items`, { method: 'PUT' }), 405],
  ];
  for (const [answer, status] of refusals) assert.equal(answer.status, status, answer.text);
  const gone = await runtime.fetch(`${urlOf('content-api')}/items/${item.id}`, { method: 'DELETE' });
  assert.equal(gone.status, 204);
});

test('identity-api: organisations and their users', { skip }, async () => {
  const made = await post('identity-api', '/organizations', { slug: 'acme', name: 'Acme' });
  assert.equal(made.status, 201);
  assert.equal((await post('identity-api', '/organizations', { slug: 'acme', name: 'Again' })).status, 409);
  assert.equal((await post('identity-api', '/organizations', { slug: 'A b', name: 'x' })).status, 422);
  const user = await post('identity-api', '/organizations/acme/users', { email: 'Ada@example.com', name: 'Ada' });
  assert.equal(user.status, 201);
  assert.equal((await post('identity-api', '/organizations/acme/users', { email: 'ada@EXAMPLE.com', name: 'A' })).status, 409);
  const read = await runtime.fetch(`${urlOf('identity-api')}/users/${user.json().id}`);
  assert.deepEqual([read.json().email, read.json().organization_id], ['Ada@example.com', made.json().id]);
  const { users } = (await runtime.fetch(`${urlOf('identity-api')}/organizations/acme/users`)).json();
  assert.deepEqual(users.map(({ name }) => name), ['Ada']);
  assert.equal((await post('content-api', '/items', { title: 'Acme’s', organization: 'acme' })).json().organization, 'acme');
});

test('auth: an account, a session in KV, through the web app’s own host', { skip }, async () => {
  const account = { email: 'grace@example.com', name: 'Grace', password: 'long enough' };
  const signedUp = await post('codex-web', '/api/auth/sign-up', account);
  assert.equal(signedUp.status, 201, signedUp.text);
  const [cookie] = signedUp.headers['set-cookie'];
  assert.match(cookie, /^codex_session=[^;]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/);
  const session = (value) => runtime.fetch(`${urlOf('codex-web')}/api/auth/session`, { headers: { Cookie: value } });
  assert.equal((await session(cookie.split(';')[0])).json().session.email, 'grace@example.com');
  assert.equal((await session('codex_session=forged.0000')).json().session, null);
  assert.equal((await post('auth-worker', '/sign-in', { ...account, password: 'wrong' })).status, 401);
  assert.equal((await post('auth-worker', '/sign-in', account)).status, 200);
  assert.equal((await post('auth-worker', '/sign-up', account)).status, 409);
  const out = await runtime.fetch(`${urlOf('auth-worker')}/sign-out`, { method: 'POST', headers: { Cookie: cookie.split(';')[0] } });
  assert.equal(out.status, 204);
  assert.equal((await session(cookie.split(';')[0])).json().session, null);
});

test('stripe: a signed event is recorded once', { skip }, async () => {
  const event = { id: 'evt_1', type: 'charge.succeeded', livemode: false, created: 1_760_000_000 };
  const send = (body, secret = SECRETS.STRIPE_WEBHOOK_SECRET) => {
    const seconds = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    const headers = { 'Stripe-Signature': `t=${seconds},v1=${signature}` };
    return runtime.fetch(`${urlOf('stripe-webhook-handler')}/webhooks/stripe`, { method: 'POST', headers, body });
  };
  const body = JSON.stringify(event);
  assert.deepEqual((await send(body)).json(), { received: true, duplicate: false });
  assert.deepEqual((await send(body)).json(), { received: true, duplicate: true });
  assert.equal((await send(body, 'another secret')).status, 400);
  assert.equal((await send(JSON.stringify({ ...event, livemode: true }))).json().error.code, 'wrong_mode');
  const rows = await cloud.query(preview, 'SELECT id, payload FROM webhook_events');
  assert.deepEqual(rows, [{ id: 'evt_1', payload: event }]);
});

test('web: the page, what it asks for, and what is not there', { skip }, async () => {
  const get = (where) => runtime.fetch(urlOf('codex-web') + where);
  assert.match((await get('/')).text, /<title>Codex<\/title>/);
  assert.match((await get('/app.js')).headers['content-type'], /javascript/);
  const lost = await get('/nowhere');
  assert.deepEqual([lost.status, /Not here/.test(lost.text)], [404, true]);
  assert.deepEqual((await get('/api/config')).json(), {
    environment: 'preview',
    version: 'version-of-codex-web',
    apiUrl: urlOf('stripe-webhook-handler'),
  });
  const { services } = (await get('/api/status')).json();
  assert.deepEqual(
    services.map(({ service, healthy }) => [service, healthy]),
    [['content-api', true], ['identity-api', true], ['auth', true]],
  );
  assert.equal((await post('codex-web', '/api/content/items', { title: 'Through the web' })).status, 201);
  assert.equal((await get('/api/elsewhere')).status, 404);
});

test('CORS: the environment’s web app and previews may call, others may not', { skip }, async () => {
  const ask = (origin, method = 'GET') =>
    runtime.fetch(`${urlOf('stripe-webhook-handler')}/health`, { method, headers: { Origin: origin } });
  for (const origin of [urlOf('codex-web'), `http://codex-preview-7.${ZONE}`, `http://codex.${ZONE}`]) {
    const answer = await ask(origin);
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, origin]);
    assert.equal((await ask(origin, 'OPTIONS')).status, 204);
  }
  for (const origin of ['https://evil.example', `http://tenant.${ZONE}`]) {
    const answer = await ask(origin);
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [403, undefined]);
    assert.equal((await ask(origin, 'OPTIONS')).status, 403);
  }
});

test('a database that does not answer costs two seconds, not the request', { skip, timeout: 60_000 }, async () => {
  await deploy('');
  await cloud.seed({ settings: { front: 'never-wakes' } });
  const started = performance.now();
  const answer = await runtime.fetch(`${urlOf('auth-worker')}/health`);
  const waited = performance.now() - started;
  await cloud.seed({ settings: { front: 'none' } });
  assert.ok(waited > 1900 && waited < 3500, `${waited} ms`);
  assert.deepEqual([answer.status, ...states(answer)], [503, 'error', 'ok']);
});

test('a service without its database is unhealthy, and says which check', { skip, timeout: 60_000 }, async () => {
  await deploy('', { DATABASE_URL: preview.replace('@ep-', '@ep-not-') });
  const started = performance.now();
  const answer = await runtime.fetch(`${urlOf('content-api')}/health`);
  assert.ok(performance.now() - started < 3000);
  assert.deepEqual([answer.status, answer.json().status, ...states(answer)], [503, 'unhealthy', 'error', 'ok']);
  assert.equal((await runtime.fetch(`${urlOf('content-api')}/items`)).status, 502);
  assert.match((await runtime.fetch(`${urlOf('codex-web')}/`)).text, /<title>Codex/);
});

function states(answer) {
  const { database, kv } = answer.json().checks;
  return [database.status, kv.status];
}

/** Bundles all five for an environment of their wrangler configs and serves them as preview 42. */
async function deploy(environment, secrets = {}) {
  const values = { ...SECRETS, DATABASE_URL: preview, ...secrets };
  const services = Object.entries(SERVICES);
  const workers = [];
  for (let at = 0; at < services.length; at += 2) { // two wranglers at a time, on two cores
    const pair = services.slice(at, at + 2).map(async ([name, { folder }]) => {
      const [form, assets] = await Promise.all([bundle(name, folder, environment), assetsOf(folder)]);
      return upload(name, form, assets, values, environment);
    });
    workers.push(...(await Promise.all(pair)));
  }
  const routes = services.map(([name, { subdomain }]) => ({
    pattern: `${subdomain}-preview-42.${ZONE}/*`,
    worker: name,
  }));
  return runtime.call('workers', { workers, routes });
}

const bundles = new Map();
async function bundle(name, folder, environment) {
  const file = path.join(output, `${name}-${environment}`);
  if (!bundles.has(file)) {
    const scrubbed = { PATH: process.env.PATH, HOME: output, CI: 'true', WRANGLER_SEND_METRICS: 'false' };
    const wrangler = path.join(PLATFORM, 'node_modules/wrangler/bin/wrangler.js');
    const flags = ['deploy', '--dry-run', '--outfile', file, '--outdir', `${file}.out`, `--env=${environment}`];
    await run(NODE, [wrangler, ...flags], { cwd: path.join(PLATFORM, folder), env: scrubbed });
    bundles.set(file, parseUploadForm(await readFile(file)));
  }
  return bundles.get(file);
}

/** What deploy-workers makes of the form for a preview: names, namespaces, variables, secrets. */
function upload(name, { metadata, modules }, assets, secrets, environment) {
  const vars = { WEB_APP_URL: urlOf('codex-web'), API_URL: urlOf('stripe-webhook-handler') };
  if (environment === '') vars.ENVIRONMENT = 'preview';
  const bindings = metadata.bindings.map((binding) => {
    if (binding.type === 'inherit') return { type: 'kv_namespace', name: binding.name, namespace_id: `preview-${binding.name}` };
    if (binding.type === 'service') return { ...binding, service: binding.service.replace(/-(production|staging)$/, '') };
    return binding.name in vars ? { ...binding, text: vars[binding.name] } : binding;
  });
  const secretBindings = Object.entries(secrets).map(([key, text]) => ({ type: 'secret_text', name: key, text }));
  return {
    name,
    version: `version-of-${name}`,
    main_module: metadata.main_module,
    modules,
    compatibility_date: metadata.compatibility_date,
    compatibility_flags: metadata.compatibility_flags,
    bindings: [...bindings, ...secretBindings],
    assets,
  };
}

/** The form does not hold static assets: a deploy sends them by themselves. */
async function assetsOf(folder) {
  const directory = path.join(PLATFORM, folder, 'public');
  const names = await readdir(directory).catch(() => []);
  if (names.length === 0) return null;
  const files = {};
  for (const name of names) files[`/${name}`] = { base64: (await readFile(path.join(directory, name))).toString('base64') };
  return { files, config: { not_found_handling: '404-page', run_worker_first: ['/api/*', '/health'] } };
}

async function migrate(url) {
  const cwd = path.join(PLATFORM, 'packages/database');
  const env = { PATH: process.env.PATH, DATABASE_URL: url, DB_METHOD: 'LOCAL_PROXY' };
  const kit = path.join(PLATFORM, 'node_modules/drizzle-kit/bin.cjs');
  return (await run(NODE, ['--import', './scripts/driver.mjs', kit, 'migrate'], { cwd, env })).stdout;
}

function post(name, where, body, { method = 'POST' } = {}) {
  const headers = { 'Content-Type': 'application/json' };
  return runtime.fetch(urlOf(name) + where, { method, headers, body: JSON.stringify(body) });
}
