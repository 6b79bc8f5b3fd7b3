#!/usr/bin/env bash
# Workers as workflows deploy them that have no action for it: one after another, the callee first, each by wrangler,
# then its secrets in one call. wrangler is started without npx, which would only add to its time.
set -euo pipefail

secrets=$1
shift
for service in "$@"; do
  cd "$ROOT/$service"
  "$NODE" "$WRANGLER" deploy --name "$service-theirs-42"
  "$NODE" "$WRANGLER" secret bulk "$secrets" --name "$service-theirs-42"
done
