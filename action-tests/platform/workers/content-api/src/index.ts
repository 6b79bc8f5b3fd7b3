import type { ContentEnv } from '@codex/env';
import { serve, type Handler } from '@codex/http';

import { create, list, read, remove, update } from './items.ts';

/** What identity-api says of itself: it has no visitors of its own, the web app asks through here. */
const identityHealth: Handler<ContentEnv> = ({ env }) => env.IDENTITY_API.fetch('https://identity-api/health');

export default serve<ContentEnv>({
  service: 'content-api',
  routes: {
    'GET /items': list,
    'POST /items': create,
    'GET /items/:id': read,
    'PATCH /items/:id': update,
    'DELETE /items/:id': remove,
    'GET /identity/health': identityHealth,
  },
});
