export { openDatabase, type Sql } from './client.ts';
