// Loaded before drizzle-kit and the scripts (`node --import`): sets the driver up for Node. drizzle-kit imports the
// same module; what its own config file requires is another instance.

import { neonConfig } from '@neondatabase/serverless';
import ws from 'ws';

import { configure } from '../src/endpoints.ts';

const { DATABASE_URL: url, DB_METHOD: method = 'BRANCH' } = process.env;
neonConfig.webSocketConstructor = ws;
try {
  if (!url) throw new Error('DATABASE_URL is not set');
  if (new URL(url).hostname.split('.')[0].endsWith('-pooler')) {
    // Sessions hold locks; the pooler deals sessions out anew after each transaction.
    throw new Error('DATABASE_URL leads to the pooler (`-pooler` in its host); use the direct host');
  }
  configure(neonConfig, url, method);
} catch (error) {
  console.error(`could not reach the database\ncaused by: ${error.message}`);
  process.exit(1);
}
