import { asc, eq, organizations, users, type Database } from '@codex/database';
import type { IdentityEnv } from '@codex/env';
import { HttpError, idOf, readJson, requiredText, serve, type Handler } from '@codex/http';

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

const organization = { id: organizations.id, slug: organizations.slug, name: organizations.name };
const user = { id: users.id, email: users.email, name: users.name };

const listOrganizations: Handler<IdentityEnv> = async ({ database }) =>
  Response.json({
    organizations: await database().select(organization).from(organizations).orderBy(asc(organizations.slug)).limit(100),
  });

const createOrganization: Handler<IdentityEnv> = async ({ request, database }) => {
  const body = await readJson(request);
  const slug = requiredText(body, 'slug', 63);
  if (!SLUG.test(slug)) throw new HttpError(422, 'invalid_field', '`slug` may have a-z, 0-9 and inner dashes');
  const [made] = await database()
    .insert(organizations)
    .values({ slug, name: requiredText(body, 'name') })
    .onConflictDoNothing({ target: organizations.slug })
    .returning(organization);
  if (!made) throw new HttpError(409, 'slug_taken', `there is an organisation \`${slug}\` already`);
  return Response.json(made, { status: 201 });
};

const readOrganization: Handler<IdentityEnv> = async ({ params, database }) =>
  Response.json(await organizationOf(params['slug'], database));

const listUsers: Handler<IdentityEnv> = async ({ params, database }) =>
  Response.json({
    users: await database()
      .select(user)
      .from(users)
      .innerJoin(organizations, eq(organizations.id, users.organization_id))
      .where(eq(organizations.slug, params['slug'] ?? ''))
      .orderBy(asc(users.name), asc(users.id))
      .limit(100),
  });

const createUser: Handler<IdentityEnv> = async ({ request, params, database }) => {
  const body = await readJson(request);
  const email = requiredText(body, 'email');
  if (!EMAIL.test(email)) throw new HttpError(422, 'invalid_field', '`email` is not an address');
  const { id: organization_id } = await organizationOf(params['slug'], database);
  const [made] = await database()
    .insert(users)
    .values({ organization_id, email, name: requiredText(body, 'name') })
    .onConflictDoNothing()
    .returning(user);
  if (!made) throw new HttpError(409, 'email_taken', 'somebody has this address already');
  return Response.json(made, { status: 201 });
};

const readUser: Handler<IdentityEnv> = async ({ params, database }) => {
  const [found] = await database()
    .select({ ...user, organization_id: users.organization_id })
    .from(users)
    .where(eq(users.id, idOf(params['id'])));
  if (!found) throw new HttpError(404, 'not_found', 'there is no user with this id');
  return Response.json(found);
};

async function organizationOf(slug: string | undefined, database: () => Database) {
  const [found] = await database().select(organization).from(organizations).where(eq(organizations.slug, slug ?? ''));
  if (!found) throw new HttpError(404, 'not_found', 'there is no organisation of this name');
  return found;
}

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
