import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allow, isAllowedOrigin, preflight } from '../src/cors.ts';

const preview = { ENVIRONMENT: 'preview', WEB_APP_URL: 'https://codex-preview-42.revelations.studio' } as const;
const production = { ENVIRONMENT: 'production', WEB_APP_URL: 'https://codex.revelations.studio' } as const;

test('the web app of the same environment', () => {
  assert.equal(isAllowedOrigin('https://codex-preview-42.revelations.studio', preview), true);
  assert.equal(isAllowedOrigin('https://codex.revelations.studio', production), true);
  const demo = { ENVIRONMENT: 'preview', WEB_APP_URL: 'http://codex-preview-42.revelations.localhost:8787/' } as const;
  assert.equal(isAllowedOrigin('http://codex-preview-42.revelations.localhost:8787', demo), true);
});

test('a preview lets in production and other previews of its zone', () => {
  assert.equal(isAllowedOrigin('https://codex.revelations.studio', preview), true);
  assert.equal(isAllowedOrigin('https://codex-preview-7.revelations.studio', preview), true);
});

test('production lets in no preview', () => {
  assert.equal(isAllowedOrigin('https://codex-preview-42.revelations.studio', production), false);
  assert.equal(isAllowedOrigin('https://api.revelations.studio', production), false);
});

test('look-alikes', () => {
  for (const origin of [
    'https://evil.example',
    'http://codex-preview-42.revelations.studio',
    'https://codex-preview-42.revelations.studio.evil.example',
    'https://evilcodex-preview-42.revelations.studio',
    'https://codex-preview-42.evil-revelations.studio',
    'https://codex-preview-0.revelations.studio',
    'https://codex-preview-42x.revelations.studio',
    'https://codex-preview-.revelations.studio',
    'https://a.codex-preview-42.revelations.studio',
    'https://codex-preview-42.revelations.studio:8443',
    'https://codex-preview-42.revelations.studio/',
    'https://user@codex-preview-42.revelations.studio',
    'https://tenant.revelations.studio',
    'null',
    '',
  ]) {
    assert.equal(isAllowedOrigin(origin, preview), false, origin);
  }
});

test('without a web app nobody is let in', () => {
  assert.equal(isAllowedOrigin('https://codex.revelations.studio', { ENVIRONMENT: 'preview', WEB_APP_URL: '' }), false);
  const bare = { ENVIRONMENT: 'preview', WEB_APP_URL: 'https://localhost' } as const;
  assert.equal(isAllowedOrigin('https://codex.evil', bare), false);
});

test('what the browser is told', () => {
  const asked = preflight('https://codex.revelations.studio');
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get('Access-Control-Allow-Origin'), 'https://codex.revelations.studio');
  const response = allow(Response.json({}, { status: 201 }), 'https://codex.revelations.studio');
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('Vary'), 'Origin');
});
