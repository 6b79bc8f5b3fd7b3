import { sql } from 'drizzle-orm';
import { boolean, check, index, jsonb, pgEnum, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

const id = () => uuid().primaryKey().defaultRandom();
const moment = () => timestamp({ withTimezone: true }).notNull();

export const organizations = pgTable(
  'organizations',
  {
    id: id(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    created_at: moment().defaultNow(),
  },
  ({ slug, name }) => [
    check('organizations_slug', sql`${slug} ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(${slug}) <= 63`),
    check('organizations_name', sql`${name} <> ''`),
  ],
);

export const users = pgTable(
  'users',
  {
    id: id(),
    organization_id: uuid().notNull().references(() => organizations.id, { onDelete: 'cascade' }),
    email: text().notNull(),
    name: text().notNull(),
    created_at: moment().defaultNow(),
  },
  ({ email, organization_id }) => [
    // Addresses that differ only in case are the same person's.
    uniqueIndex('users_email').on(sql`lower(${email})`),
    index('users_organization').on(organization_id),
  ],
);

export const contentStatus = pgEnum('content_status', ['draft', 'published']);

// The organisation lives in identity-api, in the same database: a foreign key is cheaper than a
// reconciliation job.
export const contentItems = pgTable(
  'content_items',
  {
    id: id(),
    organization_id: uuid().notNull().references(() => organizations.id, { onDelete: 'cascade' }),
    title: text().notNull(),
    body: text().notNull().default(''),
    status: contentStatus().notNull().default('draft'),
    created_at: moment().defaultNow(),
    updated_at: moment().defaultNow().$onUpdate(() => sql`now()`),
  },
  ({ title, organization_id, created_at, id }) => [
    check('content_items_title', sql`${title} <> ''`),
    index('content_items_newest').on(organization_id, created_at.desc(), id),
  ],
);

/** Who may sign in. Sessions are not here: they live in KV and expire by themselves. */
export const accounts = pgTable(
  'accounts',
  {
    id: id(),
    email: text().notNull(),
    name: text().notNull(),
    /** `pbkdf2-sha256$<iterations>$<salt>$<hash>` */
    password_hash: text().notNull(),
    created_at: moment().defaultNow(),
  },
  ({ email }) => [uniqueIndex('accounts_email').on(sql`lower(${email})`)],
);

/** Stripe sends an event until it is acknowledged, so that each may arrive more than once: its own id is the key. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    id: text().primaryKey(),
    type: text().notNull(),
    livemode: boolean().notNull(),
    payload: jsonb().notNull(),
    created_at: moment(),
    received_at: moment().defaultNow(),
  },
  ({ type, received_at }) => [index('webhook_events_type').on(type, received_at.desc())],
);
