import type { ContentEnv } from '@codex/env';
import { HttpError, idOf, limitRate, optionalText, readJson, requiredText, type Handler } from '@codex/http';

import { organization } from './identity.ts';

/** Whose content it is when nobody says otherwise: the platform's own organisation. */
const DEFAULT_ORGANIZATION = 'revelations';
const STATUSES = ['draft', 'published'];
const PAGE = 50;
const BODY_LENGTH = 20_000;
const WRITES = { requests: 120, seconds: 60 };

export const list: Handler<ContentEnv> = async ({ url, env, database }) => {
  const owner = await organization(env.IDENTITY_API, url.searchParams.get('organization') ?? DEFAULT_ORGANIZATION);
  const items = await database()`
    SELECT id, title, body, status, created_at, updated_at FROM content_items
    WHERE organization_id = ${owner.id} ORDER BY created_at DESC, id LIMIT ${PAGE}`;
  return Response.json({ organization: owner, items });
};

export const create: Handler<ContentEnv> = async ({ request, env, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const body = await readJson(request);
  const title = requiredText(body, 'title');
  const text = optionalText(body, 'body', BODY_LENGTH) ?? '';
  const status = statusOf(body) ?? 'draft';
  const owner = await organization(env.IDENTITY_API, optionalText(body, 'organization') || DEFAULT_ORGANIZATION);
  const [item] = await database()`
    INSERT INTO content_items (organization_id, title, body, status)
    VALUES (${owner.id}, ${title}, ${text}, ${status})
    RETURNING id, title, body, status, created_at, updated_at`;
  return Response.json({ ...item, organization: owner.slug }, { status: 201 });
};

export const read: Handler<ContentEnv> = async ({ params, database }) => {
  const [item] = await database()`
    SELECT id, title, body, status, created_at, updated_at FROM content_items WHERE id = ${idOf(params['id'])}`;
  return item ? Response.json(item) : notFound();
};

export const update: Handler<ContentEnv> = async ({ request, env, params, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const id = idOf(params['id']);
  const body = await readJson(request);
  const title = 'title' in body ? requiredText(body, 'title') : null;
  const text = optionalText(body, 'body', BODY_LENGTH) ?? null;
  const status = statusOf(body) ?? null;
  const [item] = await database()`
    UPDATE content_items SET
      title = coalesce(${title}, title),
      body = coalesce(${text}, body),
      status = coalesce(${status}::content_status, status)
    WHERE id = ${id}
    RETURNING id, title, body, status, created_at, updated_at`;
  return item ? Response.json(item) : notFound();
};

export const remove: Handler<ContentEnv> = async ({ request, env, params, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const rows = await database()`DELETE FROM content_items WHERE id = ${idOf(params['id'])} RETURNING id`;
  return rows.length === 1 ? new Response(null, { status: 204 }) : notFound();
};

function statusOf(body: Record<string, unknown>): string | undefined {
  const status = optionalText(body, 'status');
  if (status !== undefined && !STATUSES.includes(status)) {
    throw new HttpError(422, 'invalid_field', `\`status\` is one of ${STATUSES.join(', ')}`);
  }
  return status;
}

function notFound(): never {
  throw new HttpError(404, 'not_found', 'there is no item with this id');
}
