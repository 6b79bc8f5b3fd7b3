// What the database scripts share.

import postgres from 'postgres';

/** A single connection to DATABASE_URL. */
export function connect() {
  const text = process.env.DATABASE_URL;
  if (!text) throw new Error('DATABASE_URL is not set');
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Error('DATABASE_URL is not a URL');
  }
  if (url.hostname.split('.')[0].endsWith('-pooler')) {
    // A lock is held by a session; the pooler deals sessions out anew after each transaction.
    throw new Error('DATABASE_URL leads to the pooler (`-pooler` in its host); use the direct host');
  }
  url.searchParams.delete('channel_binding'); // the client would send it to the server as a setting
  return postgres(url.href, { max: 1, connect_timeout: 15, onnotice: () => {} });
}

/** Tells the error as one text, without a stack and without the URL, and ends with 1. */
export function fail(what, error) {
  const detail = error.code ? `${error.message} (${error.code})` : error.message;
  console.error(`${what}\ncaused by: ${detail}`);
  process.exitCode = 1;
}
