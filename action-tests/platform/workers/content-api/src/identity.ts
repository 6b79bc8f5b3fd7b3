import { HttpError } from '@codex/http';

export interface Organization {
  id: string;
  slug: string;
  name: string;
}

/** Asks identity-api, over its service binding, for an organisation. */
export async function organization(identity: Pick<Fetcher, 'fetch'>, slug: string): Promise<Organization> {
  // A service binding ignores the host; the path is what counts.
  const response = await identity.fetch(`https://identity-api/organizations/${encodeURIComponent(slug)}`);
  if (response.status === 404) {
    throw new HttpError(422, 'unknown_organization', `there is no organisation \`${slug}\``);
  }
  if (!response.ok) throw new HttpError(502, 'identity_unavailable', `identity-api answered ${response.status}`);
  return response.json<Organization>();
}
