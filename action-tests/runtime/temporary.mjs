// Where a running runtime keeps its files, all of them, and how that goes away again.

import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const PREFIX = 'codex-actions-runtime-';

/** @returns {Promise<{path: string, remove: () => Promise<void>}>} */
export async function temporaryDirectory() {
  const parent = os.tmpdir();
  await sweep(parent);
  const directory = await mkdtemp(path.join(parent, `${PREFIX}${process.pid}-`));
  await chmod(directory, 0o711); // Postgres' user passes through to its own directory
  // miniflare and workerd put theirs below it, too.
  process.env.TMPDIR = directory;
  return {
    path: directory,
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Removes what a runtime left that was killed before it could: its process id is in the name. */
async function sweep(parent) {
  for (const name of await readdir(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) {
      await rm(path.join(parent, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
