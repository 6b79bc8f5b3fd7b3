import type { IdentityEnv } from '@codex/env';
import { HttpError, idOf, readJson, requiredText, serve, type Handler } from '@codex/http';

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

const listOrganizations: Handler<IdentityEnv> = async ({ database }) =>
  Response.json({ organizations: await database()`SELECT id, slug, name FROM organizations ORDER BY slug LIMIT 100` });

const createOrganization: Handler<IdentityEnv> = async ({ request, database }) => {
  const body = await readJson(request);
  const slug = requiredText(body, 'slug', 63);
  if (!SLUG.test(slug)) throw new HttpError(422, 'invalid_field', '`slug` may have a-z, 0-9 and inner dashes');
  const [organization] = await database()`
    INSERT INTO organizations (slug, name) VALUES (${slug}, ${requiredText(body, 'name')})
    ON CONFLICT (slug) DO NOTHING RETURNING id, slug, name`;
  if (!organization) throw new HttpError(409, 'slug_taken', `there is an organisation \`${slug}\` already`);
  return Response.json(organization, { status: 201 });
};

const readOrganization: Handler<IdentityEnv> = async ({ params, database }) => {
  const [organization] = await database()`SELECT id, slug, name FROM organizations WHERE slug = ${params['slug'] ?? ''}`;
  if (!organization) throw new HttpError(404, 'not_found', 'there is no organisation of this name');
  return Response.json(organization);
};

const listUsers: Handler<IdentityEnv> = async ({ params, database }) => {
  const users = await database()`
    SELECT u.id, u.email, u.name FROM users u JOIN organizations o ON o.id = u.organization_id
    WHERE o.slug = ${params['slug'] ?? ''} ORDER BY u.name, u.id LIMIT 100`;
  return Response.json({ users });
};

const createUser: Handler<IdentityEnv> = async ({ request, params, database }) => {
  const body = await readJson(request);
  const email = requiredText(body, 'email');
  if (!EMAIL.test(email)) throw new HttpError(422, 'invalid_field', '`email` is not an address');
  const sql = database();
  const [organization] = await sql`SELECT id FROM organizations WHERE slug = ${params['slug'] ?? ''}`;
  if (!organization) throw new HttpError(404, 'not_found', 'there is no organisation of this name');
  const [user] = await sql`
    INSERT INTO users (organization_id, email, name)
    VALUES (${organization['id']}, ${email}, ${requiredText(body, 'name')})
    ON CONFLICT (lower(email)) DO NOTHING RETURNING id, email, name`;
  if (!user) throw new HttpError(409, 'email_taken', 'somebody has this address already');
  return Response.json(user, { status: 201 });
};

const readUser: Handler<IdentityEnv> = async ({ params, database }) => {
  const [user] = await database()`SELECT id, organization_id, email, name FROM users WHERE id = ${idOf(params['id'])}`;
  if (!user) throw new HttpError(404, 'not_found', 'there is no user with this id');
  return Response.json(user);
};

export default serve<IdentityEnv>({
  service: 'identity-api',
  routes: {
    'GET /organizations': listOrganizations,
    'POST /organizations': createOrganization,
    'GET /organizations/:slug': readOrganization,
    'GET /organizations/:slug/users': listUsers,
    'POST /organizations/:slug/users': createUser,
    'GET /users/:id': readUser,
  },
});
