#!/bin/sh
# Runs the binary of one action: run.sh <name> [arguments]
# The only shell of the actions: everything else is in the binary.
set -eu

name=${1:?usage: run.sh <name> [arguments]}
shift

# One annotation. `%` first, since it is the escape character of the runner's commands;
# line ends go, since a value could otherwise start a command of its own.
fail() {
  printf '::error title=%s::%s\n' "$name" "$(printf '%s' "$1" | tr -d '\r\n' | sed 's/%/%25/g')"
  exit 1
}

if [ -z "${CODEX_ACTIONS_BIN_DIR:-}" ]; then
  fail "this ref has no released binaries; set CODEX_ACTIONS_BIN_DIR to a directory that holds \`$name\`"
fi
binary=$CODEX_ACTIONS_BIN_DIR/$name
if [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
  fail "CODEX_ACTIONS_BIN_DIR is \`$CODEX_ACTIONS_BIN_DIR\`, which holds no executable \`$name\`"
fi

exec "$binary" "$@"
