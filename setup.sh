#!/usr/bin/env bash
# Prepares a checkout: installs the packages of package-lock.json, among them the project's own Node, and checks that it
# starts. Run it as often as you like; it does what is missing.
#
#   ./setup.sh           what the whole project and `npm test` need; device tests that find no device say so and skip
#   ./setup.sh --full    also, through apt as root: Chromium and the Vulkan loader (WebGPU on the processor, by
#                        SwiftShader) and a C compiler (it compiles and runs the C of target hls)
#
# Ends with 0 when the base is fine, and then lists what --full could not install and what is missing without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly OLDEST_NODE_TO_START=18
readonly APT_LOG="${TMPDIR:-/tmp}/einkorn-setup-apt.$$.log"
missing=()

say() { printf 'setup: %s\n' "$*"; }

stop() {
  printf 'setup: %s\n' "$1" >&2
  printf '  help: %s\n' "$2" >&2
  exit 3
}

require_node_to_start() {
  command -v node >/dev/null || stop "there is no Node on this machine" \
    "install Node $OLDEST_NODE_TO_START or newer with npm (https://nodejs.org, or apt-get install nodejs npm); the project brings its own for everything else"
  command -v npm >/dev/null || stop "there is Node ($(node --version)), but no npm" "install npm (apt-get install npm, or https://nodejs.org)"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge "$OLDEST_NODE_TO_START" ] || stop "Node $(node --version) is too old to install the packages" \
    "install Node $OLDEST_NODE_TO_START or newer from https://nodejs.org"
}

# What node_modules was installed from: when nothing of it changed, there is nothing to do.
fingerprint() {
  node -p 'const p = require("./package.json"); JSON.stringify([p.dependencies, p.devDependencies, p.optionalDependencies, p.overrides, p.allowScripts])' |
    cat - package-lock.json | cksum
  uname -sm
}

pinned_node() { node -p "require('./package.json').devDependencies.node"; }

install_packages() {
  local stamp=node_modules/.einkorn-setup
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && pinned_node_starts; then
    say "packages are up to date"
    return
  fi
  say "installing the packages (about 1 GB, under a minute on a fast line)"
  # Warnings are left out: under an older Node every package that wants a newer one would print one, and the newer one is
  # among the packages. Errors are shown.
  npm ci --loglevel=error --no-audit --no-fund || stop "npm ci failed, see above" \
    "when a download failed, run ./setup.sh again; when package.json and package-lock.json disagree, restore both with git checkout"
  pinned_node_starts || stop "node_modules/.bin/node is not Node $(pinned_node), the version of package.json" \
    "the package \`node\` fetches it in an install script: allow scripts (npm config get ignore-scripts should be false) and run ./setup.sh again"
  fingerprint >"$stamp"
}

pinned_node_starts() { [ "$(node_modules/.bin/node --version 2>/dev/null)" = "v$(pinned_node)" ]; }

# --- what apt installs: feature by feature, so that one that is absent does not take the others with it ---

apt_ready=unknown

# Decides once whether apt can be used; the reason it cannot is left in $apt_ready.
prepare_apt() {
  [ "$apt_ready" = unknown ] || return 0
  if ! command -v apt-get >/dev/null; then
    apt_ready="there is no apt-get here"
  elif [ "$(id -u)" -ne 0 ]; then
    apt_ready="apt-get needs root"
  elif ! apt-get update -qq >"$APT_LOG" 2>&1; then
    apt_ready="apt-get update failed: $(tail -n 1 "$APT_LOG")"
  else
    apt_ready=yes
  fi
}

# install_feature "what it is for" "command that succeeds when it is there" package…
install_feature() {
  local purpose=$1 present=$2
  shift 2
  if eval "$present"; then
    say "there already: $purpose"
    return
  fi
  prepare_apt
  if [ "$apt_ready" != yes ]; then
    missing+=("$purpose: $apt_ready; it takes the Debian packages $* (as root: apt-get install --no-install-recommends $*)")
    return
  fi
  say "installing $* ($purpose)"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$APT_LOG" 2>&1; then
    missing+=("$purpose: apt-get install $* failed: $(grep -m 1 '^E:' "$APT_LOG" || tail -n 1 "$APT_LOG")")
  elif ! eval "$present"; then
    missing+=("$purpose: apt-get installed $*, but it is still not found (Ubuntu's chromium is a snap that does not count)")
  fi
}

has_c_compiler() { command -v cc >/dev/null && printf '#include <stdint.h>\nint main(void) { return 0; }\n' | cc -x c - -o /dev/null 2>/dev/null; }

has_vulkan_loader() { [[ "$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)" == *libvulkan.so.1* ]]; }

# The Vulkan driver that draws on the processor comes inside Chromium.
has_swiftshader() { compgen -G '/usr/lib*/chromium*/libvk_swiftshader.so' >/dev/null; }

install_full() {
  install_feature "compile and run the C of target hls" has_c_compiler gcc libc6-dev make
  install_feature "run WGSL through Vulkan" has_vulkan_loader libvulkan1
  install_feature "run WGSL without a GPU (SwiftShader), and in a browser" has_swiftshader chromium
  rm -f "$APT_LOG"
}

full=no
case "${1-}" in
  "") ;;
  --full) full=yes ;;
  -h | --help)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    printf 'setup: unknown argument %s\n  help: ./setup.sh, or ./setup.sh --full\n' "$1" >&2
    exit 2
    ;;
esac

require_node_to_start
install_packages
[ "$full" = no ] || install_full

for line in ${missing[@]+"${missing[@]}"}; do say "NOT INSTALLED, $line"; done
say "ready: Node $(node_modules/.bin/node --version) in node_modules/.bin; next: npm test"
