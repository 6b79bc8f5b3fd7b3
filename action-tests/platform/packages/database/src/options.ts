/** The part of the client's options that we decide about. */
export interface DatabaseOptions {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  ssl: 'require' | 'prefer' | false;
  max: number;
  /** Seconds. */
  connect_timeout: number;
  prepare: boolean;
  fetch_types: boolean;
}

const CONNECT_SECONDS = 5;

/**
 * Options from a Neon connection string. Parsed here and not by the client, which would send
 * parameters that it does not know (`channel_binding`) to the server as settings.
 *
 * @throws {Error} naming the variable that is wrong; never with its value, which holds a password
 */
export function databaseOptions(url: string, method: string): DatabaseOptions {
  if (method !== 'pooled' && method !== 'direct') {
    throw new Error('DB_METHOD must be `pooled` or `direct`');
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error('DATABASE_URL is not a URL');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new Error('DATABASE_URL must start with `postgresql://`');
  }
  return {
    host: parsed.hostname,
    port: Number(parsed.port || 5432),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    ssl: ssl(parsed.searchParams.get('sslmode')),
    max: 1,
    connect_timeout: CONNECT_SECONDS,
    // The pooler hands a connection to another client after each transaction, and with it whatever
    // was prepared on it.
    prepare: method === 'direct',
    // One more query per connection, only for arrays of unusual types.
    fetch_types: false,
  };
}

function ssl(mode: string | null): DatabaseOptions['ssl'] {
  if (mode === 'disable') return false;
  return mode === 'prefer' || mode === 'allow' ? 'prefer' : 'require';
}
