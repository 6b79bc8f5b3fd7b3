import postgres from 'postgres';

import { databaseOptions } from './options.ts';

export type Sql = postgres.Sql;

/**
 * A client for one request. Workers may not share sockets between requests, so that each opens its
 * own connection when it first asks something; whoever opens it ends it, after the answer was sent.
 */
export function openDatabase(url: string, method: string): Sql {
  return postgres(databaseOptions(url, method));
}
