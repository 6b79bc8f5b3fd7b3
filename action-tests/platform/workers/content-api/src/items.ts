import { contentItems, contentStatus, desc, eq } from '@codex/database';
import type { ContentEnv } from '@codex/env';
import { HttpError, idOf, limitRate, optionalText, readJson, requiredText, type Handler } from '@codex/http';

import { organization } from './identity.ts';

/** Whose content it is when nobody says otherwise: the platform's own organisation. */
const DEFAULT_ORGANIZATION = 'revelations';
const STATUSES = contentStatus.enumValues;
type Status = (typeof STATUSES)[number];
const item = {
  id: contentItems.id,
  title: contentItems.title,
  body: contentItems.body,
  status: contentItems.status,
  created_at: contentItems.created_at,
  updated_at: contentItems.updated_at,
};
const PAGE = 50;
const BODY_LENGTH = 20_000;
const WRITES = { requests: 120, seconds: 60 };

export const list: Handler<ContentEnv> = async ({ url, env, database }) => {
  const owner = await organization(env.IDENTITY_API, url.searchParams.get('organization') ?? DEFAULT_ORGANIZATION);
  const items = await database()
    .select(item)
    .from(contentItems)
    .where(eq(contentItems.organization_id, owner.id))
    .orderBy(desc(contentItems.created_at), contentItems.id)
    .limit(PAGE);
  return Response.json({ organization: owner, items });
};

export const create: Handler<ContentEnv> = async ({ request, env, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const body = await readJson(request);
  const title = requiredText(body, 'title');
  const text = optionalText(body, 'body', BODY_LENGTH) ?? '';
  const status = statusOf(body) ?? 'draft';
  const owner = await organization(env.IDENTITY_API, optionalText(body, 'organization') || DEFAULT_ORGANIZATION);
  const [made] = await database()
    .insert(contentItems)
    .values({ organization_id: owner.id, title, body: text, status })
    .returning(item);
  return Response.json({ ...made, organization: owner.slug }, { status: 201 });
};

export const read: Handler<ContentEnv> = async ({ params, database }) => {
  const [found] = await database().select(item).from(contentItems).where(eq(contentItems.id, idOf(params['id'])));
  return found ? Response.json(found) : notFound();
};

export const update: Handler<ContentEnv> = async ({ request, env, params, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const id = idOf(params['id']);
  const body = await readJson(request);
  const title = 'title' in body ? requiredText(body, 'title') : undefined;
  const text = optionalText(body, 'body', BODY_LENGTH);
  const status = statusOf(body);
  const [changed] = await database()
    .update(contentItems)
    .set({ ...(title !== undefined && { title }), ...(text !== undefined && { body: text }), ...(status && { status }) })
    .where(eq(contentItems.id, id))
    .returning(item);
  return changed ? Response.json(changed) : notFound();
};

export const remove: Handler<ContentEnv> = async ({ request, env, params, database }) => {
  await limitRate(env.RATE_LIMIT_KV, request, 'content-write', WRITES);
  const rows = await database()
    .delete(contentItems)
    .where(eq(contentItems.id, idOf(params['id'])))
    .returning({ id: contentItems.id });
  return rows.length === 1 ? new Response(null, { status: 204 }) : notFound();
};

function statusOf(body: Record<string, unknown>): Status | undefined {
  const status = optionalText(body, 'status');
  const known = STATUSES.find((one) => one === status);
  if (status !== undefined && known === undefined) {
    throw new HttpError(422, 'invalid_field', `\`status\` is one of ${STATUSES.join(', ')}`);
  }
  return known;
}

function notFound(): never {
  throw new HttpError(404, 'not_found', 'there is no item with this id');
}
