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
# line ends become spaces, since a value could otherwise start a command of its own.
annotate() {
  printf '::%s title=%s::%s\n' "$1" "$name" "$(printf '%s' "$2" | tr '\r\n' '  ' | sed 's/%/%25/g')" >&2
}

line_end='
'

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
locked() {
  value=$(awk -v row="$1" '$1 == row { n++; v = $2 } END { if (n == 1) print v }' "$lock")
  [ -n "$value" ] || fail "binaries.lock of this release names no single \`$1\`; use another release"
  printf '%s' "$value"
}
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

# One try of wget, whichever it is: GNU's makes 20 by itself, and busybox's of Debian and Ubuntu dies of a `-T`.
by_wget() { # <url> <file>
  set -- -O "$2" -- "$1"
  case $(wget --help 2>&1) in
    *GNU*) set -- wget -nv -t 1 -T 20 --no-netrc "$@" ;;
    *-T*) set -- wget -q -T 20 "$@" ;;
    *) if is_there timeout; then set -- timeout 60 wget -q "$@"; else set -- wget -q "$@"; fi ;;
  esac
  # It reads the lower-case names only.
  https_proxy=${https_proxy:-${HTTPS_PROXY:-}} no_proxy=${no_proxy:-${NO_PROXY:-}} "$@" 2>&1
}

# Asks again when a transfer broke off, and what a server answers for the moment; all of it in three minutes, where nothing
# comes. Tells why there is nothing, in one line.
download() { # <url> <file>
  for pause in 1 3 0; do
    if is_there curl; then
      # `-q`: no ~/.curlrc, which may add a password or an address.
      said=$(curl -q --proto '=https' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error --location \
        --retry 3 --retry-connrefused --retry-max-time 90 --connect-timeout 20 --speed-limit 1000 --speed-time 20 \
        --max-time 300 --output "$2" -- "$1" 2>&1) && return
      status=$?
      # Each try has told its reason: the last one's, and not the advice below it.
      case $said in *'curl: '*) said="curl: ${said##*curl: }" said=${said%%"$line_end"*} ;; esac
      # Broken off, which it does not try again by itself.
      case $status in 16 | 18 | 35 | 52 | 55 | 56 | 92) ;; *) break ;; esac
    else
      said=$(by_wget "$1" "$2") && return
      # GNU's says nothing of what stalled, and advises to be insecure.
      said=${said%%To connect to *}
      said=${said:-the connection stalled or broke off}
      case $said in
        *' 408'* | *' 429'* | *' 5'[0-9][0-9]*) ;;
        *' '[34][0-9][0-9]*) break ;;
      esac
    fi
    sleep "$pause"
  done
  printf '%s' "$said" | sed 's,//[^/ ]*@,//,g'
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

# The folder `kept`, from job to job or else for this job: where the file is already, perhaps on a disk that cannot be
# written, or where it can be put. Never one that all users share, such as /tmp, where another one could put something
# between the hash and the start.
find_kept() { # <folder> <file in it>
  for folder in "${RUNNER_TOOL_CACHE:-}" "${RUNNER_TEMP:-}"; do
    kept=$folder/codex-actions/$1
    binary=$kept/$2
    [ -n "$folder" ] || continue
    refuse_link "$kept"
    refuse_link "$binary"
    if [ -f "$binary" ] && [ -r "$binary" ]; then return; fi
  done
  for folder in "${RUNNER_TOOL_CACHE:-}" "${RUNNER_TEMP:-}"; do
    kept=$folder/codex-actions/$1
    binary=$kept/$2
    # Also where it is another user's.
    if [ -n "$folder" ] && mkdir -p -- "$kept" 2>/dev/null && [ -w "$kept" ] && [ -x "$kept" ]; then return; fi
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
  list=$(cd "$source" && find Cargo.toml Cargo.lock rust-toolchain.toml .cargo crates actions .github/workflows action-tests/workflows -type f 2>/dev/null | sort)
  part=$(mktemp "${TMPDIR:-/tmp}/codex-actions.XXXXXX" 2>/dev/null) ||
    fail "nothing can be written to \`${TMPDIR:-/tmp}\`; its disk may be full"
  (cd "$source" && printf '%s\n' "$list" && printf '%s\n' "$list" | while read -r file; do cat -- "$file"; done) >"$part"
  state=$(sha256 "$part")
  find_kept "source-$state" "release/$name"
  if [ ! -x "$binary" ]; then
    annotate notice "building \`$name\` from source, which takes minutes; a release would be downloaded"
    # By our own rules, not by those of the job's folder: cargo and rustup read them where they are started.
    (cd "$source" && unset CARGO_BUILD_TARGET && cargo build --release --locked --quiet --target-dir "$kept" --package "$name") ||
      fail "\`$name\` could not be built; cargo says above why"
    [ -x "$binary" ] || fail "cargo has built \`$name\`, and not to \`$binary\`; look for \`build.target\` in its configuration"
  fi
}

# Prints the path of the binary that is to run.
find_binary() { # <name>
  name=$1 part=
  trap '[ -z "$part" ] || rm -rf -- "$part"' EXIT
  trap 'exit 1' HUP INT TERM
  case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
  lock=$here/binaries.lock
  [ ! -f "$lock" ] || [ -r "$lock" ] || fail "\`$lock\` cannot be read; see whose it is"
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
    find_kept "$hash" "$name"
    if [ ! -f "$binary" ] || [ ! -r "$binary" ]; then fetch; fi
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
  version=$(locked version)
  if is_there gzip; then packed=.gz; else packed=; fi
  url=${url%/}/$version/$asset$packed
  # As it is told: a mirror's address may hold a password.
  shown=$(printf '%s' "$url" | sed 's,//[^/]*@,//,')
  case $url in https://*) ;; *) fail "binaries are downloaded over https:// only, and the address is \`$shown\`" ;; esac
  wanted=$(locked_hash "$asset$packed")
  # What runs that were killed have left, a day ago or longer.
  find "${kept%/*}"/*/part.* -prune -mtime +0 -exec rm -rf -- {} + 2>/dev/null || :
  # Beside its place, so that it appears there whole or not at all, whoever else is at it.
  part=$(mktemp -d "$kept/part.XXXXXX" 2>/dev/null) || fail "nothing can be written to \`$kept\`; its disk may be full"
  told=$(download "$url" "$part/asset$packed") ||
    fail "\`$shown\` could not be downloaded${told:+: $told}; run the job again, or set CODEX_ACTIONS_MIRROR or CODEX_ACTIONS_BIN_DIR"
  [ "$(sha256 "$part/asset$packed")" = "$wanted" ] ||
    fail "what \`$shown\` gave is not the binary of this release (its SHA-256 is not the one of binaries.lock): a proxy's page, a broken download, or something worse; nothing of it was run"
  # GZIP would be options of the job's.
  if [ -n "$packed" ]; then
    told=$(GZIP='' gzip -d "$part/asset.gz" 2>&1) || fail "\`$asset.gz\` could not be unpacked in \`$kept\`; its disk may be full: $told"
  fi
  [ "$(sha256 "$part/asset")" = "$hash" ] ||
    fail "binaries.lock of this release contradicts itself: \`$asset\` is not what \`$asset.gz\` holds; use another release"
  told=$({ chmod 755 "$part/asset" && mv -f -- "$part/asset" "$binary"; } 2>&1) ||
    fail "\`$binary\` could not be written: $told"
}

# In a shell of its own: the binary, and the commands that it starts, find the job's variables and locale as they were.
codex_actions_binary=$(
  set -eu
  export LC_ALL=C
  find_binary "$1"
)
shift
exec "$codex_actions_binary" "$@"
