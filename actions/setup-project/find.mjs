// Which package manager a project uses, as outputs of a step: run in the folder of its lock file.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// By lock file, in the order in which they are believed. `store` tells where downloads are kept.
const MANAGERS = {
  pnpm: {
    locks: ["pnpm-lock.yaml"],
    install: () => "pnpm install --frozen-lockfile",
    store: () => "pnpm store path --silent",
  },
  yarn: {
    locks: ["yarn.lock"],
    // Yarn 1 knows neither `--immutable` nor `config get cacheFolder`.
    install: (major) => (major === 1 ? "yarn install --frozen-lockfile" : "yarn install --immutable"),
    store: (major) => (major === 1 ? "yarn cache dir" : "yarn config get cacheFolder"),
  },
  bun: {
    locks: ["bun.lock", "bun.lockb"],
    install: () => "bun install --frozen-lockfile",
    store: () => "bun pm cache",
  },
  npm: {
    locks: ["package-lock.json", "npm-shrinkwrap.json"],
    install: () => "npm ci",
    store: () => "npm config get cache",
  },
};

/** What the project in the working directory says: manager, version (as it is written) and lock file. */
export function find(read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined)) {
  const named = /^([a-z]+)@(\d[\w.-]*)/.exec(JSON.parse(read("package.json") ?? "{}").packageManager ?? "");
  if (named && !(named[1] in MANAGERS)) throw new Error(`package.json: packageManager names \`${named[1]}\`, which is not known here`);
  const isThere = (name) => MANAGERS[name].locks.find((file) => read(file) !== undefined);
  const manager = named?.[1] ?? Object.keys(MANAGERS).find(isThere);
  if (!manager) throw new Error("neither `packageManager` in package.json nor a lock file is here; set `working-directory`, or commit the lock file");
  const lock = isThere(manager);
  const text = lock === undefined ? "" : read(lock);
  // A lock file of Yarn 1 says so in its head; later ones have a `__metadata` entry.
  const written = named?.[2];
  const major = written ? Number.parseInt(written, 10) : manager === "yarn" && /^# yarn lockfile v1/m.test(text) ? 1 : undefined;
  const { install, store } = MANAGERS[manager];
  return {
    manager,
    prepare: prepare(manager, written),
    install: install(major),
    store: store(major),
    hash: createHash("sha256").update(text).digest("hex").slice(0, 32),
  };
}

// Corepack takes the version from package.json. Node 25 and later come without it, and bun was never in it.
function prepare(manager, version) {
  if (manager === "npm") return "";
  if (manager === "bun") return `command -v bun || npm install --global bun@${version ?? "latest"}`;
  const enable = `{ command -v corepack || npm install --global corepack; } && corepack enable ${manager}`;
  return version ? enable : `command -v ${manager} || { ${enable}; }`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    for (const [name, value] of Object.entries(find())) console.log(`${name}=${value}`);
  } catch (error) {
    console.error(`::error title=setup-project::${error.message}`);
    process.exitCode = 1;
  }
}
