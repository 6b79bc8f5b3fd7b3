import { neon, neonConfig } from '@neondatabase/serverless';
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http';

import { configure } from './endpoints.ts';
import * as schema from './schema.ts';

export type Database = NeonHttpDatabase<typeof schema>;

/** A client that asks by HTTP: each query is a request of its own, so that there is nothing to close. */
export function openDatabase(url: string, method: string): Database {
  configure(neonConfig, url, method);
  return drizzle(neon(url), { schema });
}
