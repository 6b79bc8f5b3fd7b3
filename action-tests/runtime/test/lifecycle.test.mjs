import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import { Runtime, RUNTIME } from './harness.mjs';

let temporary;
before(async () => {
  temporary = await mkdtemp(path.join(os.tmpdir(), 'runtime-lifecycle-'));
  await chmod(temporary, 0o755); // as root, Postgres runs as somebody else
});
after(() => rm(temporary, { recursive: true, force: true }));

const start = async () => {
  const runtime = await Runtime.start({ env: { TMPDIR: temporary } });
  return { runtime, processes: await descendants(runtime.pid) };
};

/** Nothing of a runtime may be left: its directory, its processes. */
async function assertNothingLeft(processes) {
  assert.ok(processes.length >= 2, 'Postgres and workerd were running');
  const deadline = Date.now() + 3000;
  let alive = processes;
  while (Date.now() < deadline && (alive = alive.filter(isAlive)).length > 0) await sleep(20);
  assert.deepEqual(alive, []);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  test(`ends in order on ${signal}`, async () => {
    const { runtime, processes } = await start();
    runtime.kill(signal);
    assert.deepEqual(await runtime.exited, [0, null]);
    await assertNothingLeft(processes);
    assert.deepEqual(await readdir(temporary), []);
  });
}

test('ends in order when stdin ends, also with sessions open', async () => {
  const { runtime, processes } = await start();
  await runtime.connect('production');
  assert.equal(await runtime.stop(), 0);
  await assertNothingLeft(processes);
  assert.deepEqual(await readdir(temporary), []);
});

test('ends in order when the process that started it is killed', async () => {
  const parent = spawn(
    process.execPath,
    ['-e', `require('child_process').spawn(process.execPath, ['main.mjs'], { stdio: ['pipe', 'inherit', 'ignore'], detached: true })`],
    { cwd: RUNTIME, env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await once(createInterface({ input: parent.stdout }), 'line');
  const processes = await descendants(parent.pid);
  parent.kill('SIGKILL');
  await assertNothingLeft(processes);
  assert.deepEqual(await readdir(temporary), []);
});

test('ends in order when it is told to while it starts', async () => {
  const child = spawn(process.execPath, ['main.mjs'], {
    cwd: RUNTIME,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  while ((await readdir(temporary)).length === 0) await sleep(5);
  await sleep(150);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.deepEqual(await readdir(temporary), []);
});

test('killed outright, it leaves no process, and the next one removes its files', { skip: os.platform() !== 'linux' }, async () => {
  const { runtime, processes } = await start();
  runtime.kill('SIGKILL');
  await runtime.exited;
  await assertNothingLeft(processes);
  assert.equal((await readdir(temporary)).length, 1);
  const next = await start();
  assert.equal((await readdir(temporary)).length, 1);
  assert.equal(await next.runtime.stop(), 0);
  assert.deepEqual(await readdir(temporary), []);
});

test('ends with 1 when Postgres is gone', async () => {
  const { runtime, processes } = await start();
  const postgres = await find(processes, /postgres$/);
  process.kill(postgres, 'SIGKILL');
  assert.deepEqual(await runtime.exited, [1, null]);
  assert.match(runtime.stderr, /runtime: Postgres has ended/);
  await assertNothingLeft(processes);
});

test('bad requests are answered, not fatal', async () => {
  const { runtime } = await start();
  await assert.rejects(runtime.call('dropDatabases', {}), /unknown method `dropDatabases`/);
  await assert.rejects(runtime.call('toString', {}), /unknown method/);
  await assert.rejects(runtime.send('{"id":', null), /JSON/);
  assert.deepEqual(await runtime.call('query', { database: 'production', sql: 'SELECT 1 AS one' }), [{ one: 1 }]);
  assert.equal(await runtime.stop(), 0);
});

/** The live process ids below `pid`, without zombies. */
async function descendants(pid) {
  const found = [];
  for (const child of await children(pid)) found.push(child, ...(await descendants(child)));
  return found;
}

async function children(pid) {
  const ps = spawn('ps', ['-A', '-o', 'pid=,ppid='], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  for await (const chunk of ps.stdout.setEncoding('utf8')) text += chunk;
  const pairs = text.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([child, parent]) => parent === pid && child !== ps.pid).map(([child]) => child);
}

async function find(pids, command) {
  for (const pid of pids) {
    const [name] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    if (command.test(name)) return pid;
  }
  throw new Error(`no process ${command}`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
