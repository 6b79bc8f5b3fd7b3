import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { assets, Runtime, worker } from './harness.mjs';

const ANSWER = (text) => `export default { fetch() { return new Response(${JSON.stringify(text)}); } };`;

let runtime;
before(async () => {
  runtime = await Runtime.start();
});
after(() => runtime.stop());

const serve = (workers, routes = workers.map(({ name }) => ({ pattern: `${name}.example.com/*`, worker: name }))) =>
  runtime.call('workers', { workers, routes });

test('a host without a Worker answers as the edge does', async () => {
  await serve([]);
  const answer = await runtime.fetch('http://nothing.example.com/');
  assert.deepEqual([answer.status, answer.text], [530, 'error code: 1016']);
});

test('Workers answer at their hosts, and a header may name one directly', async () => {
  const result = await serve([worker('a', ANSWER('A')), worker('b', ANSWER('B'))]);
  assert.deepEqual(result, { serving: ['a', 'b'], failed: [], warnings: [] });
  assert.equal((await runtime.fetch('http://a.example.com/x')).text, 'A');
  assert.equal((await runtime.fetch('http://b.example.com:8787/')).text, 'B');
  assert.equal((await runtime.fetch('http://elsewhere.test/', { headers: { 'MF-Local-Worker': 'b' } })).text, 'B');
  assert.equal((await runtime.fetch('http://c.example.com/')).status, 530);
});

test('the set is swapped as a whole, and requests during the swap wait', async () => {
  await serve([worker('a', ANSWER('old')), worker('gone', ANSWER('gone'))]);
  const swap = serve([worker('a', ANSWER('new'))]);
  const during = await Promise.all(Array.from({ length: 30 }, () => runtime.fetch('http://a.example.com/')));
  assert.deepEqual(new Set(during.map(({ status }) => status)), new Set([200]));
  await swap;
  assert.equal((await runtime.fetch('http://a.example.com/')).text, 'new');
  assert.equal((await runtime.fetch('http://gone.example.com/')).status, 530);
});

test('the same set again does not restart workerd', async () => {
  const source = 'let n = 0; export default { fetch() { n += 1; return new Response(String(n)); } };';
  const set = [worker('counter', source)];
  await serve(set);
  assert.equal((await runtime.fetch('http://counter.example.com/')).text, '1');
  await serve(set);
  assert.equal((await runtime.fetch('http://counter.example.com/')).text, '2');
});

test('bindings: text, secret, json, version metadata', async () => {
  const source = 'export default { fetch(_, env) { return Response.json(env); } };';
  const bindings = [
    { name: 'VAR', type: 'plain_text', text: 'v' },
    { name: 'SECRET', type: 'secret_text', text: 's' },
    { name: 'LIST', type: 'json', json: [1, { a: 2 }] },
    { name: 'VERSION', type: 'version_metadata', tag: 'abc', timestamp: '2026-01-02T03:04:05.000Z' },
  ];
  await serve([worker('env', source, { bindings, version: 'v-1' })]);
  assert.deepEqual((await runtime.fetch('http://env.example.com/')).json(), {
    VAR: 'v',
    SECRET: 's',
    LIST: [1, { a: 2 }],
    VERSION: { id: 'v-1', tag: 'abc', timestamp: '2026-01-02T03:04:05.000Z' },
  });
});

test('KV belongs to its namespace: shared by id, kept across swaps', async () => {
  const source = `export default { async fetch(request, env) {
    if (request.method === 'PUT') await env.KV.put('key', await request.text());
    return new Response(await env.KV.get('key'));
  } };`;
  const bound = (name, id) => worker(name, source, { bindings: [{ name: 'KV', type: 'kv_namespace', namespace_id: id }] });
  await serve([bound('one', 'ns-1'), bound('two', 'ns-1'), bound('other', 'ns-2')]);
  await runtime.fetch('http://one.example.com/', { method: 'PUT', body: 'kept' });
  assert.equal((await runtime.fetch('http://two.example.com/')).text, 'kept');
  assert.equal((await runtime.fetch('http://other.example.com/')).text, '');
  await serve([bound('three', 'ns-1')]);
  assert.equal((await runtime.fetch('http://three.example.com/')).text, 'kept');
});

test('service bindings reach the default and the named entry point', async () => {
  const callee = `import { WorkerEntrypoint } from 'cloudflare:workers';
    export class Admin extends WorkerEntrypoint { fetch() { return new Response('admin'); } hello(name) { return 'hello ' + name; } }
    export default { fetch(request) { return new Response('default of ' + new URL(request.url).hostname); } };`;
  const caller = `export default { async fetch(_, env) { return Response.json([
    await (await env.API.fetch('https://api.internal/')).text(),
    await (await env.ADMIN.fetch('https://x/')).text(),
    await env.ADMIN.hello('you')]); } };`;
  const bindings = [
    { name: 'API', type: 'service', service: 'callee' },
    { name: 'ADMIN', type: 'service', service: 'callee', entrypoint: 'Admin' },
  ];
  await serve([worker('caller', caller, { bindings }), worker('callee', callee)]);
  const answer = await runtime.fetch('http://caller.example.com/');
  assert.deepEqual(answer.json(), ['default of api.internal', 'admin', 'hello you']);
});

test('a binding to a Worker that does not run is a warning; calling it is an exception', async () => {
  const source = 'export default { fetch(_, env) { return env.API.fetch("https://x/"); } };';
  const bindings = [{ name: 'API', type: 'service', service: 'nowhere' }];
  const { warnings } = await serve([worker('lonely', source, { bindings })]);
  assert.deepEqual(warnings, ['`lonely` is bound to `nowhere`, which does not run']);
  const answer = await runtime.fetch('http://lonely.example.com/');
  assert.deepEqual([answer.status, answer.text], [500, 'error code: 1101']);
});

test('an exception is 1101, and a 500 of the Worker stays its own', async () => {
  const source = `export default { fetch(request) {
    if (new URL(request.url).pathname === '/throw') throw new Error('for the log');
    return new Response('mine', { status: 500 }); } };`;
  await serve([worker('a', source)]);
  const thrown = await runtime.fetch('http://a.example.com/throw');
  assert.deepEqual([thrown.status, thrown.text], [500, 'error code: 1101']);
  await runtime.logged(/\[worker\] a threw: Error: for the log/);
  assert.equal((await runtime.fetch('http://a.example.com/')).text, 'mine');
});

test('Workers that do not start are told by name, the others serve', async () => {
  const result = await serve([
    worker('good', ANSWER('good')),
    worker('syntax', 'export default {'),
    worker('startup', 'throw new Error("at start"); export default {};'),
    worker('main', '', { main_module: 'missing.js' }),
    worker('bound', 'export default { fetch(_, env) { return env.S.fetch("https://x/"); } };', {
      bindings: [{ name: 'S', type: 'service', service: 'syntax' }],
    }),
  ]);
  assert.deepEqual(result.serving, ['good', 'bound']);
  assert.deepEqual(result.warnings, ['`bound` is bound to `syntax`, which did not start']);
  const errors = Object.fromEntries(result.failed.map(({ name, error }) => [name, error]));
  assert.match(errors.syntax, /SyntaxError/);
  assert.match(errors.startup, /at start/);
  assert.match(errors.main, /`missing.js` is not among/);
  assert.equal((await runtime.fetch('http://good.example.com/')).text, 'good');
  assert.deepEqual((await runtime.fetch('http://syntax.example.com/')).text, 'error code: 1101');

  await serve([worker('good', ANSWER('better')), worker('syntax', ANSWER('repaired'))]);
  assert.equal((await runtime.fetch('http://syntax.example.com/')).text, 'repaired');
});

test('modules: text, data, wasm beside the main module, source maps ignored', async () => {
  const module = (name, type, content) => ({ name, type, base64: Buffer.from(content).toString('base64') });
  const source = `import text from './text.txt'; import data from './bytes.bin'; import wasm from './empty.wasm'; import { helper } from './lib/helper.js';
    export default { fetch() { return Response.json([text, data.byteLength, wasm instanceof WebAssembly.Module, helper()]); } };`;
  const modules = [
    module('lib/helper.js', 'esm', 'export const helper = () => "helped";'),
    module('index.js', 'esm', source),
    module('text.txt', 'text', 'some text'),
    module('bytes.bin', 'data', Buffer.from([1, 2, 3])),
    module('empty.wasm', 'wasm', Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
    module('index.js.map', 'sourcemap', '{}'),
  ];
  await serve([worker('many', '', { modules })]);
  assert.deepEqual((await runtime.fetch('http://many.example.com/')).json(), ['some text', 3, true, 'helped']);
});

test('modules and assets may be in files', async () => {
  const file = path.join(runtime.directory, 'held');
  await writeFile(file, 'export default { fetch: (_, env) => env.ASSETS.fetch("http://x/page.txt") };');
  const held = worker('held', '', {
    modules: [{ name: 'index.js', type: 'esm', file }],
    bindings: [{ name: 'ASSETS', type: 'assets' }],
    assets: { files: { '/page.txt': { file } }, config: { run_worker_first: true } },
  });
  const { failed } = await serve([held]);
  assert.deepEqual(failed, []);
  assert.match((await runtime.fetch('http://held.example.com/')).text, /^export default/);
});

test('a Worker whose file is gone has failed, the others serve', async () => {
  await serve([worker('stays', ANSWER('here'))]);
  const gone = worker('gone', '', { modules: [{ name: 'index.js', type: 'esm', file: '/nowhere' }] });
  const { failed } = await serve([worker('stays', ANSWER('still')), gone]);
  assert.match(failed[0].error, /ENOENT/);
  assert.equal((await runtime.fetch('http://stays.example.com/')).text, 'still');
});

test('static assets come first, each Worker has its own, and the Worker reads them by its binding', async () => {
  const source = `export default { async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === '/through') return env.ASSETS.fetch(new URL('/page', url));
    return new Response('worker ' + url.pathname); } };`;
  const site = (name, title, config) =>
    worker(name, source, {
      bindings: [{ name: 'ASSETS', type: 'assets' }],
      assets: assets({ '/index.html': title, '/page.html': `${title} page`, '/404.html': `${title} lost` }, config),
    });
  await serve([
    site('one', 'One'),
    site('two', 'Two', { not_found_handling: '404-page' }),
    site('first', 'First', { run_worker_first: true }),
    site('some', 'Some', { run_worker_first: ['/api/*', '!/api/docs*'] }),
    worker('only', '', {
      main_module: null,
      modules: [],
      assets: assets({ '/index.html': 'Only' }, { not_found_handling: 'single-page-application' }),
    }),
    worker('caller', 'export default { fetch(_, env) { return env.SITE.fetch("https://site/"); } };', {
      bindings: [{ name: 'SITE', type: 'service', service: 'two' }],
    }),
  ]);
  const get = async (url) => (await runtime.fetch(url)).text;
  assert.equal(await get('http://one.example.com/'), 'One');
  assert.equal(await get('http://two.example.com/'), 'Two');
  assert.equal(await get('http://one.example.com/page'), 'One page');
  assert.equal(await get('http://one.example.com/other'), 'worker /other');
  assert.equal(await get('http://one.example.com/through'), 'One page');
  assert.equal(await get('http://two.example.com/through'), 'Two page');
  assert.equal(await get('http://first.example.com/'), 'worker /');
  assert.equal(await get('http://some.example.com/'), 'Some');
  assert.equal(await get('http://some.example.com/api/x'), 'worker /api/x');
  assert.equal(await get('http://only.example.com/deep/link'), 'Only');
  assert.equal(await get('http://caller.example.com/'), 'Two');
  const page = await runtime.fetch('http://one.example.com/index.html');
  assert.deepEqual([page.status, page.headers.location], [307, '/']);
});

test('header and redirect rules of static assets', async () => {
  const config = { _headers: '/*\n  X-Rule: yes\n', _redirects: '/old /new 301\n' };
  await serve([worker('rules', ANSWER('worker'), { assets: assets({ '/new.html': 'New' }, config) })]);
  const page = await runtime.fetch('http://rules.example.com/new');
  assert.deepEqual([page.text, page.headers['x-rule']], ['New', 'yes']);
  const old = await runtime.fetch('http://rules.example.com/old');
  assert.deepEqual([old.status, old.headers.location], [301, '/new']);
});

test('WebSockets, large bodies and streams pass', async () => {
  const source = `export default { async fetch(request) {
    if (request.headers.get('Upgrade') === 'websocket') {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.send('hi');
      return new Response(null, { status: 101, webSocket: client });
    }
    return new Response(request.body);
  } };`;
  await serve([worker('echo', source)]);
  const body = 'x'.repeat(3_000_000);
  assert.equal((await runtime.fetch('http://echo.example.com/', { method: 'POST', body })).text, body);

  const request = http.get(runtime.workerd, {
    headers: { Host: 'echo.example.com', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
  });
  const [response, socket, head] = await once(request, 'upgrade');
  assert.equal(response.statusCode, 101);
  const frame = head.length > 0 ? head : (await once(socket, 'data'))[0];
  assert.deepEqual([...frame], [0x81, 2, ...Buffer.from('hi')]); // one unmasked text frame
  socket.destroy();
});

test('the visitor sees https when the edge says so', async () => {
  await serve([worker('a', 'export default { fetch(request) { return new Response(request.url); } };')]);
  const plain = await runtime.fetch('http://a.example.com:8080/x?y=1');
  assert.equal(plain.text, 'http://a.example.com:8080/x?y=1');
  const secure = await runtime.fetch('http://a.example.com/x', { headers: { 'X-Forwarded-Proto': 'https' } });
  assert.equal(secure.text, 'https://a.example.com/x');
});

test('a set with a name twice is refused and changes nothing', async () => {
  await serve([worker('a', ANSWER('stays'))]);
  await assert.rejects(serve([worker('a', ANSWER('1')), worker('a', ANSWER('2'))]), /two Workers have the name `a`/);
  assert.equal((await runtime.fetch('http://a.example.com/')).text, 'stays');
});

test('bindings without a stand-in are told', async () => {
  const { warnings } = await serve([worker('ai', ANSWER('x'), { bindings: [{ name: 'AI', type: 'ai' }] })]);
  assert.deepEqual(warnings, ['`ai`: no local stand-in for binding `AI` of type `ai`']);
});
