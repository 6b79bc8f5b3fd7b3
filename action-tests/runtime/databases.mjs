// Databases of the server: what a Neon branch is made of here.

import pg from 'pg';

/** The role that owns every database, as on Neon. */
export const OWNER = 'neondb_owner';
/** How long sessions on a database may end by themselves before they are ended. */
const GRACE_MS = 400;
const POLL_MS = 20;

/** Where a copy is made before it takes its name; one is enough, commands run one after another. */
const STAGED = 'copy in progress';

/** Postgres' error class for a database that does not exist. */
const UNKNOWN_DATABASE = '3D000';

/** Postgres' limit for identifiers is 63 bytes; longer ones would be cut silently. */
const NAME = /^[^\0]{1,63}$/u;

export class Databases {
  #server;
  #admin;
  #last = Promise.resolve();

  /**
   * @param {{host: string, port: number, superuser: {user: string, password: string}}} server
   * @param {string} password the owner role's
   */
  static async open(server, password) {
    const databases = new Databases();
    databases.#server = server;
    databases.#admin = await databases.#connect('postgres');
    await databases.#admin.query(
      `CREATE ROLE ${quote(OWNER)} LOGIN CREATEROLE PASSWORD ${pg.escapeLiteral(password)}`,
    );
    return databases;
  }

  /** Creates a database, empty or as a copy of `template`. */
  create({ name, template = null }) {
    checkName(name);
    return this.#inTurn(() => this.#create(name, template));
  }

  /** Drops a database with its sessions; one that does not exist is no error. */
  drop({ name }) {
    checkName(name);
    return this.#inTurn(() => this.#drop(name));
  }

  /** Renames a database, ending its sessions. */
  rename({ from, to }) {
    checkName(from);
    checkName(to);
    return this.#inTurn(async () => {
      await this.#quietly(from, () =>
        this.#admin.query(`ALTER DATABASE ${quote(from)} RENAME TO ${quote(to)}`),
      );
      await this.#admin.query(`ALTER DATABASE ${quote(to)} ALLOW_CONNECTIONS true`);
    });
  }

  /** Replaces `target` by a copy of `source`; `target` is only touched once the copy is complete. */
  copy({ source, target }) {
    checkName(source);
    checkName(target);
    if (source === target) throw new Error(`\`${source}\` cannot be replaced by a copy of itself`);
    return this.#inTurn(async () => {
      await this.#drop(STAGED);
      await this.#create(STAGED, source);
      await this.#drop(target);
      await this.#admin.query(`ALTER DATABASE ${quote(STAGED)} RENAME TO ${quote(target)}`);
    });
  }

  /** Runs SQL as the owner and returns the rows of the last statement. */
  async query({ database, sql }) {
    checkName(database);
    const client = await this.#connect(database);
    try {
      await client.query(`SET ROLE ${quote(OWNER)}`);
      const results = [await client.query(sql)].flat();
      return results.at(-1).rows;
    } finally {
      await client.end();
    }
  }

  /** Calls `read` with a client on `database`, in one read-only snapshot. */
  async inspect(database, read) {
    checkName(database);
    const client = await this.#connect(database);
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return await read(client);
    } finally {
      await client.end();
    }
  }

  async close() {
    await this.#last;
    await this.#admin.end();
  }

  async #create(name, template) {
    const create = (from) =>
      this.#admin.query(`CREATE DATABASE ${quote(name)} TEMPLATE ${quote(from)} OWNER ${quote(OWNER)}`);
    if (template === null) await create('template0');
    else await this.#quietly(template, () => create(template));
  }

  async #drop(name) {
    await this.#admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
  }

  /**
   * Runs `action` while nobody is connected to `name`, which Postgres asks of a template.
   * New sessions are refused meanwhile; open ones get a moment to end, then they are ended.
   */
  async #quietly(name, action) {
    await this.#admin.query(`ALTER DATABASE ${quote(name)} ALLOW_CONNECTIONS false`);
    try {
      const patience = Date.now() + GRACE_MS;
      while ((await this.#sessions(name)) > 0 && Date.now() < patience) await sleep(POLL_MS);
      await this.#admin.query(
        'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
        [name],
      );
      await action();
    } finally {
      await this.#admin
        .query(`ALTER DATABASE ${quote(name)} ALLOW_CONNECTIONS true`)
        .catch((error) => {
          if (error.code !== UNKNOWN_DATABASE) throw error; // it was renamed
        });
    }
  }

  async #sessions(name) {
    const { rows } = await this.#admin.query(
      'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1',
      [name],
    );
    return rows[0].n;
  }

  /** Database commands run one after another: they would only wait for each other's locks. */
  #inTurn(action) {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #connect(database) {
    const { host, port, superuser } = this.#server;
    const client = new pg.Client({ host, port, ...superuser, database });
    // Ended from outside (a drop, the shutdown): the query that runs fails with it, nothing else may.
    client.on('error', () => {});
    await client.connect();
    return client;
  }
}

function checkName(name) {
  if (typeof name !== 'string' || !NAME.test(name) || Buffer.byteLength(name) > 63) {
    throw new Error(`not a database name of 1 to 63 bytes: ${JSON.stringify(name)}`);
  }
}

function quote(identifier) {
  return pg.escapeIdentifier(identifier);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
