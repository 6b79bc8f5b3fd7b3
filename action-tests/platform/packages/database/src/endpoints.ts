/** What of the driver's configuration depends on where the database is. */
export interface Endpoints {
  fetchEndpoint: string | ((host: string, port: number | string) => string);
  wsProxy: string | ((host: string, port: number | string) => string) | undefined;
  useSecureWebSocket: boolean;
}

/**
 * Sets the driver up for a connection string.
 *
 * `PRODUCTION` and `BRANCH` are Neon's own hosts. `LOCAL_PROXY` is a proxy on this machine that speaks the driver's
 * protocols without TLS, on the connection string's port; the host in it says which branch is meant.
 *
 * @throws {Error} naming the variable that is wrong; never with its value, which holds a password
 */
export function configure(driver: Endpoints, url: string, method: string): void {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error('DATABASE_URL is not a URL');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new Error('DATABASE_URL must start with `postgresql://`');
  }
  switch (method) {
    case 'PRODUCTION':
    case 'BRANCH':
      return;
    case 'LOCAL_PROXY': {
      const proxy = `localhost:${parsed.port || '5432'}`;
      driver.fetchEndpoint = `http://${proxy}/sql`;
      driver.wsProxy = (host, port) => `${proxy}/v2?address=${host}:${port}`;
      driver.useSecureWebSocket = false;
      return;
    }
    default:
      throw new Error('DB_METHOD must be `PRODUCTION`, `BRANCH` or `LOCAL_PROXY`');
  }
}
