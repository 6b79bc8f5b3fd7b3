/** Where a Worker runs; set in its wrangler config, and by `codex.toml` for previews. */
export type EnvironmentName = 'development' | 'preview' | 'staging' | 'production';

/** What every Worker of the platform has. */
export interface BaseEnv {
  readonly ENVIRONMENT: EnvironmentName;
  /** Where `DATABASE_URL` leads: `PRODUCTION` and `BRANCH` to Neon, `LOCAL_PROXY` to this machine. */
  readonly DB_METHOD: string;
  /** Origin of the web app of the same environment. */
  readonly WEB_APP_URL: string;
  /** Origin of the public API of the same environment. */
  readonly API_URL: string;
  readonly DATABASE_URL: string;
  readonly RATE_LIMIT_KV: KVNamespace;
  readonly CF_VERSION_METADATA?: WorkerVersionMetadata;
}

export type IdentityEnv = BaseEnv;

export interface ContentEnv extends BaseEnv {
  readonly IDENTITY_API: Fetcher;
}

export interface AuthEnv extends BaseEnv {
  readonly AUTH_SESSION_KV: KVNamespace;
  /** Signs session cookies. */
  readonly SESSION_SECRET: string;
  /** Goes into every password hash; without it the table of hashes is worthless. */
  readonly BETTER_AUTH_SECRET: string;
}

export interface StripeEnv extends BaseEnv {
  readonly STRIPE_SECRET_KEY: string;
  readonly STRIPE_WEBHOOK_SECRET: string;
}

export interface WebEnv extends BaseEnv {
  readonly CONTENT_API: Fetcher;
  readonly AUTH: Fetcher;
  readonly ASSETS: Fetcher;
}
