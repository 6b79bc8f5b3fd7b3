#!/bin/sh
# Runs the binary of one action: run.sh <name> [arguments]
#
# The only shell of the actions: it finds the binary that binaries.lock names, verifies it, and becomes it. Nothing
# runs, and nothing is even unpacked, before its SHA-256 is the lock's. Works in bash 3.2, dash and busybox.
#
#   CODEX_ACTIONS_BIN_DIR  a folder with the binaries: nothing is downloaded
#   CODEX_ACTIONS_MIRROR   an https:// address to download from; it holds <version>/<asset>
#   CODEX_ACTIONS_BUILD=1  where a ref has no release: builds with the runner's cargo
set -eu
: "${1:?usage: run.sh <name> [arguments]}"

# One annotation, beside what a function answers. `%` first, since it is the escape character of the runner's commands;
# line ends go, since a value could otherwise start a command of its own.
annotate() {
  printf '::%s title=%s::%s\n' "$1" "$name" "$(printf '%s' "$2" | tr -d '\r\n' | sed 's/%/%25/g')" >&2
}

fail() {
  annotate error "$1"
  exit 1
}

is_there() { command -v "$1" >/dev/null 2>&1; }

# The SHA-256 of a file, in hex.
sha256() {
  if is_there sha256sum; then set -- "$(sha256sum <"$1")"; else set -- "$(shasum -a 256 <"$1")"; fi
  printf '%s' "${1%% *}"
}

# What the lock says of `version`, `commit` or `from`; of an asset: its SHA-256. A row that stands twice names nothing.
locked() { awk -v row="$1" '$1 == row { n++; v = $2 } END { if (n == 1) print v }' "$lock"; }
locked_hash() {
  hash=$(awk -v row="$1" '$2 == row { n++; v = $1 } END { if (n == 1) print v }' "$lock")
  case $hash in *[!0-9a-f]*) hash= ;; esac
  [ ${#hash} -eq 64 ] || fail "binaries.lock of this release names no single SHA-256 for \`$1\`; use another release"
  printf '%s' "$hash"
}

# A plain file that this user may execute: no link, which could lead anywhere by the time it is run.
refuse_link() {
  [ ! -L "$1" ] || fail "\`$1\` is a symbolic link, and may lead anywhere; delete it"
}

# Asks again when a transfer broke off, which curl does not, nor busybox's wget; what a server answers is final.
download() { # <url> <file>
  for pause in 1 3 0; do
    if is_there curl; then
      said=$(curl --proto '=https' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error --location \
        --retry 5 --retry-connrefused --connect-timeout 20 --max-time 300 --output "$2" -- "$1" 2>&1) && return
      case $? in 16 | 18 | 35 | 52 | 55 | 56 | 92) ;; *) break ;; esac
    else
      # wget reads the lower-case names only.
      said=$(https_proxy=${https_proxy:-${HTTPS_PROXY:-}} no_proxy=${no_proxy:-${NO_PROXY:-}} \
        wget -q -T 60 -O "$2" -- "$1" 2>&1) && return
      [ $? -ne 8 ] || break
    fi
    sleep "$pause"
  done
  printf '%s' "$said"
  return 1
}

target() {
  case ${RUNNER_OS:-$(uname -s)} in
    Linux) os=unknown-linux-musl ;;
    macOS | Darwin) os=apple-darwin ;;
    *) fail "these actions run on Linux and macOS, not on ${RUNNER_OS:-$(uname -s)}; give the job \`runs-on: ubuntu-latest\`" ;;
  esac
  case ${RUNNER_ARCH:-$(uname -m)} in
    X64 | x86_64) printf 'x86_64-%s' "$os" ;;
    ARM64 | aarch64 | arm64) printf 'aarch64-%s' "$os" ;;
    *) fail "these actions run on x64 and arm64, not on ${RUNNER_ARCH:-$(uname -m)}" ;;
  esac
}

# The folder in which binaries are kept from job to job, or else for this job. Never one that all users share, such as
# /tmp, where another one could put something between the hash and the start.
cache() {
  for folder in "${RUNNER_TOOL_CACHE:-}" "${RUNNER_TEMP:-}"; do
    if [ -n "$folder" ] && mkdir -p -- "$folder/codex-actions" 2>/dev/null && [ -w "$folder/codex-actions" ]; then
      printf '%s' "$folder/codex-actions"
      return
    fi
  done
  fail 'there is no folder to keep the binary in; set RUNNER_TEMP to one that can be written'
}

# A ref without a release: only when asked to, with the runner's own cargo, once for each state of the sources.
build() {
  [ "${CODEX_ACTIONS_BUILD:-}" = 1 ] || fail "this ref has no released binaries; name a release, such as \`@v1\`, or set CODEX_ACTIONS_BUILD=1 to build it with the runner's cargo, or CODEX_ACTIONS_BIN_DIR to a folder that holds \`$name\`"
  source=$here/..
  [ -f "$source/Cargo.lock" ] || fail 'CODEX_ACTIONS_BUILD is set, and the sources are not here'
  is_there cargo || fail 'CODEX_ACTIONS_BUILD is set, and there is no cargo here; install Rust, or name a release'
  # `preflight` has actions and workflows built in.
  list=$(cd "$source" && find Cargo.toml Cargo.lock crates actions .github/workflows action-tests/workflows -type f 2>/dev/null | sort)
  part=$(mktemp "${TMPDIR:-/tmp}/codex-actions.XXXXXX")
  (cd "$source" && printf '%s\n' "$list" && printf '%s\n' "$list" | while read -r file; do cat -- "$file"; done) >"$part"
  kept=$(cache)/source-$(sha256 "$part")
  binary=$kept/release/$name
  refuse_link "$kept"
  refuse_link "$binary"
  if [ ! -x "$binary" ]; then
    annotate notice "building \`$name\` from source, which takes minutes; a release would be downloaded"
    cargo build --release --locked --quiet --manifest-path "$source/Cargo.toml" --target-dir "$kept" --package "$name" ||
      fail "\`$name\` could not be built; cargo says above why"
  fi
}

# Prints the path of the binary that is to run.
find_binary() { # <name>
  name=$1 part=
  trap '[ -z "$part" ] || rm -rf -- "$part"' EXIT
  trap 'exit 1' HUP INT TERM
  case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
  lock=$here/binaries.lock
  is_there sha256sum || is_there shasum ||
    fail "neither sha256sum nor shasum is here, so the binary cannot be verified; install coreutils"

  if [ -n "${CODEX_ACTIONS_BIN_DIR:-}" ]; then
    binary=$CODEX_ACTIONS_BIN_DIR/$name
    if [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
      fail "CODEX_ACTIONS_BIN_DIR is \`$CODEX_ACTIONS_BIN_DIR\`, which holds no executable \`$name\`"
    fi
    if [ -f "$lock" ] && [ "${CODEX_ACTIONS_BUILD:-}" != 1 ]; then
      asset=$name-$(target)
      hash=$(locked_hash "$asset")
      [ "$(sha256 "$binary")" = "$hash" ] || fail "\`$binary\` is not the binary of this release; take the release's, or set CODEX_ACTIONS_BUILD=1 to run one of your own"
    fi
  elif [ ! -f "$lock" ]; then
    build
  else
    asset=$name-$(target)
    hash=$(locked_hash "$asset")
    kept=$(cache)/$hash
    binary=$kept/$name
    refuse_link "$kept"
    refuse_link "$binary"
    [ -f "$binary" ] || fetch
    # Always, on a hit, too: other jobs may write to a runner's tool cache.
    [ "$(sha256 "$binary")" = "$hash" ] ||
      fail "\`$binary\` was changed since it was downloaded, and is not the binary of this release; find out who can write there, and delete it"
    [ -x "$binary" ] ||
      fail "\`$binary\` may not be executed; delete it, and see that its folder is not mounted with \`noexec\`, or set CODEX_ACTIONS_BIN_DIR"
  fi
  printf '%s' "$binary"
}

# Downloads `asset` and puts it to `binary`.
fetch() {
  is_there curl || is_there wget ||
    fail "neither curl nor wget is here, so the binary cannot be downloaded; install one, or set CODEX_ACTIONS_BIN_DIR"
  url=${CODEX_ACTIONS_MIRROR:-$(locked from)}
  if is_there gzip; then packed=.gz; else packed=; fi
  url=${url%/}/$(locked version)/$asset$packed
  # As it is told: a mirror's address may hold a password.
  shown=$(printf '%s' "$url" | sed 's,//[^/]*@,//,')
  case $url in https://*) ;; *) fail "binaries are downloaded over https:// only, and the address is \`$shown\`" ;; esac
  mkdir -p -- "$kept"
  # Beside its place, so that it appears there whole or not at all, whoever else is at it.
  part=$(mktemp -d "$kept/part.XXXXXX")
  wanted=$(locked_hash "$asset$packed")
  told=$(download "$url" "$part/asset$packed") ||
    fail "\`$shown\` could not be downloaded${told:+: $told}; run the job again, or set CODEX_ACTIONS_MIRROR or CODEX_ACTIONS_BIN_DIR"
  [ "$(sha256 "$part/asset$packed")" = "$wanted" ] ||
    fail "what \`$shown\` gave is not the binary of this release (its SHA-256 is not the one of binaries.lock): a proxy's page, a broken download, or something worse; nothing of it was run"
  [ -z "$packed" ] || gzip -d "$part/asset.gz"
  chmod 755 "$part/asset"
  mv -f -- "$part/asset" "$binary"
}

# In a shell of its own: the binary, and the commands that it starts, find the job's variables and locale as they were.
codex_actions_binary=$(
  set -eu
  export LC_ALL=C
  find_binary "$1"
)
shift
exec "$codex_actions_binary" "$@"
