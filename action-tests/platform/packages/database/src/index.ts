export { openDatabase, type Database } from './client.ts';
export * from './schema.ts';
export { asc, desc, eq, sql } from 'drizzle-orm';
