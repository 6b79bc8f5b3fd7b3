// local-cloud's Node side: real Postgres and real workerd behind a protocol of JSON lines.
//
//   stdin   {"id":1,"method":"createDatabase","params":{"name":"br-a","template":"production"}}
//   stdout  {"id":1,"result":null}  or  {"id":1,"error":"text"}; the first line says where things listen
//   stderr  logs
//
// CODEX_ACTIONS_NEON, when it is set, is a JSON object: the `domain` of Neon's hosts, the `address` where they are
// served, and who signed the certificate there (`ca`).
//
// It ends, with all that it started, when stdin ends (the parent is gone) or on SIGTERM or SIGINT.

import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';

import { Databases, OWNER } from './databases.mjs';
import { startPostgres } from './postgres.mjs';
import { schemaOf } from './schema.mjs';
import { temporaryDirectory } from './temporary.mjs';

/** How long an orderly end may take. */
const END_MS = 12_000;

console.log = console.error; // stdout is the protocol's alone; miniflare logs with console.log

const print = (source) => (line) => console.error(`[${source}] ${line}`);
/** Postgres tells every ended session; that is for whoever looks for a fault here. */
const logPostgres = process.env.CODEX_ACTIONS_DEBUG ? print('postgres') : () => {};
const neon = JSON.parse(process.env.CODEX_ACTIONS_NEON ?? 'null');
const closers = [];
let ending = false;

process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
process.on('SIGHUP', () => end(0));
process.stdout.on('error', () => end(0)); // nobody reads any more

const started = serve();
started.catch((error) => fail(error.stack ?? error));

async function serve() {
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => end(0));
  lines.pause();

  const directory = await temporaryDirectory();
  closers.push(directory.remove);
  const [postgres, workers] = await all([
    startPostgres(directory.path, logPostgres).then((server) => {
      closers.push(server.stop);
      server.exited.then(() => ending || fail('Postgres has ended'));
      return server;
    }),
    // Loaded here, since miniflare takes a third of a second, in which initdb can run.
    import('./workers.mjs').then(({ Workers }) => Workers.start(directory.path, print('worker'), neon)).then((running) => {
      closers.push(() => running.close());
      return running;
    }),
  ]);
  // Neon's passwords look like this; no character of it needs escaping in a URL.
  const password = `npg_${randomBytes(9).toString('hex')}`;
  const databases = await Databases.open(postgres, password);
  closers.push(() => databases.close());
  await databases.create({ name: 'production' });
  if (ending) return;

  const methods = {
    createDatabase: (params) => databases.create(params),
    dropDatabase: (params) => databases.drop(params),
    renameDatabase: (params) => databases.rename(params),
    copyDatabase: (params) => databases.copy(params),
    query: (params) => databases.query(params),
    schema: ({ database }) => databases.inspect(database, schemaOf),
    workers: (params) => workers.set(params),
  };
  say({
    ready: true,
    postgres: { host: postgres.host, port: postgres.port, user: OWNER, password },
    workerd: workers.url,
    directory: directory.path,
  });
  lines.on('line', (line) => answer(methods, line));
  lines.resume();
}

async function answer(methods, line) {
  let id = null;
  try {
    const request = JSON.parse(line);
    id = request.id ?? null;
    if (!Object.hasOwn(methods, request.method)) throw new Error(`unknown method \`${request.method}\``);
    say({ id, result: (await methods[request.method](request.params ?? {})) ?? null });
  } catch (error) {
    say({ id, error: error.message });
  }
}

function say(message) {
  if (!ending) process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Like `Promise.all`, but waits for all of them, so that what did start can be stopped. */
async function all(promises) {
  const results = await Promise.allSettled(promises);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}

function fail(reason) {
  console.error(`runtime: ${reason}`);
  return end(1);
}

/** Stops everything in reverse order and exits. */
async function end(code) {
  if (ending) return;
  ending = true;
  setTimeout(() => {
    console.error('runtime: could not end in order');
    process.exit(1);
  }, END_MS).unref();
  await started.catch(() => {}); // what is half started cannot be stopped yet
  while (closers.length > 0) {
    await Promise.resolve(closers.pop()()).catch((error) => console.error(`runtime: ${error.message}`));
  }
  process.exit(code);
}
