#!/bin/bash
# get-nvim.sh: prints the path of a Neovim that knows vim.lsp.enable (0.11 or newer): $NVIM, or the
# one on PATH, or else Debian's, unpacked into a cache folder together with its library closure.
# The unpacked one touches nothing of the system and needs no root, only apt and dpkg.
set -euo pipefail

suite=${HEAPLINE_NVIM_SUITE:-forky} # the oldest suite with Neovim >= 0.11; its version floats until the suite is released
dest=${XDG_CACHE_HOME:-$HOME/.cache}/heapline/nvim

new_enough() {
  "$1" --clean --headless -c "if !has('nvim-0.11') | cquit | endif" -c quit >/dev/null 2>&1
}

use() {
  echo "get-nvim.sh: $("$1" --version | head -n 1), $1" >&2
  echo "$1"
  exit 0
}

if [[ -n ${NVIM:-} && ! -S ${NVIM:-} ]]; then # inside Neovim's own terminal NVIM names a socket
  new_enough "$NVIM" || { echo "get-nvim.sh: NVIM=$NVIM is not a Neovim >= 0.11" >&2; exit 1; }
  use "$NVIM"
fi
if on_path=$(command -v nvim) && new_enough "$on_path"; then use "$on_path"; fi

mkdir -p "$dest"
exec 9>"$dest.lock"
flock 9 # two runs at once: the second waits and finds the work done
new_enough "$dest/bin/nvim" && use "$dest/bin/nvim"

if ! command -v apt-get >/dev/null; then
  echo "get-nvim.sh: no Neovim >= 0.11 on PATH and no apt to get one: please install it" >&2
  exit 1
fi

# The mirror that this machine's apt already uses for Debian itself.
# shellcheck disable=SC2016 # apt expands these
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
  awk '$2 !~ /security|updates/ && $1 ~ /\/debian\/?$/ { print $1; exit }')
[[ -n $mirror ]] || { echo "get-nvim.sh: apt here knows no Debian mirror: please install Neovim >= 0.11" >&2; exit 1; }

rm -rf "$dest"
state=$dest/apt
root=$dest/root
mkdir -p "$state"/{lists/partial,cache/archives/partial,empty,debs} "$root" "$dest/bin"
: >"$state/status" # nothing is installed, so apt plans the whole closure, libc included
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources.list"

# apt-get with a state of its own. An index that a mirror has not renewed in time still serves: it is signed.
private() {
  "$1" -q -o Dir::State="$state" -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status" \
    -o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts="$state/empty" \
    -o Dir::Etc::preferences="$state/none" -o Dir::Etc::preferencesparts="$state/empty" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 "${@:2}"
}

echo "get-nvim.sh: unpacking Debian $suite's Neovim into $dest" >&2
private apt-get update >"$state/log" 2>&1 || { cat "$state/log" >&2; exit 1; }
packages=$(private apt-get install -s -y --no-install-recommends neovim patchelf | awk '/^Inst/ { print $2 }')
# shellcheck disable=SC2086 # a list of names
(cd "$state/debs" && private apt-get download $packages) >"$state/log" 2>&1 || { cat "$state/log" >&2; exit 1; }
for deb in "$state"/debs/*.deb; do dpkg -x "$deb" "$root"; done

# Neovim's screen is a second process that starts /proc/self/exe again, so "ld.so nvim" is not enough:
# the program itself must name the suite's loader and libraries.
nvim=$root/usr/bin/nvim
libc=$(find "$root/usr/lib" -name libc.so.6 -print -quit)
libs=${libc%/*}
loader=$(find "$root/usr" -name 'ld-linux*.so.*' -print -quit)
patchelf() { "$loader" --library-path "$libs" "$root/usr/bin/patchelf" "$@"; }
patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libs" "$nvim"

cat >"$dest/bin/nvim" <<WRAPPER
#!/bin/sh
root='$root'
export VIMRUNTIME="\$root/usr/share/nvim/runtime"
export LUA_PATH="\$root/usr/share/lua/5.1/?.lua;\$root/usr/share/lua/5.1/?/init.lua;;"
export LUA_CPATH="$libs/lua/5.1/?.so;;"
exec "\$root/usr/bin/nvim" --cmd "set runtimepath+=\$root/usr/lib/nvim" "\$@"
WRAPPER
chmod +x "$dest/bin/nvim"
rm -rf "$state"

new_enough "$dest/bin/nvim" || { echo "get-nvim.sh: $("$dest/bin/nvim" --version | head -n 1) does not do" >&2; exit 1; }
use "$dest/bin/nvim"
