#!/bin/sh
# Starts workerd so that it ends with the process that started it, even when that one was killed.
# miniflare runs this in workerd's place (MINIFLARE_WORKERD_PATH).
set -eu
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --pdeathsig KILL "$CODEX_ACTIONS_WORKERD" "$@"
fi
exec "$CODEX_ACTIONS_WORKERD" "$@"
