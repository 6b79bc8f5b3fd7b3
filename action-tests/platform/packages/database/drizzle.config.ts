import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/schema.ts',
  out: './migrations',
  // `generate` asks no database.
  dbCredentials: { url: process.env['DATABASE_URL'] ?? '' },
});
