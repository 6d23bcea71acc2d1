#!/bin/bash
# make.sh [NAME…]: writes the scenarios' dumps anew (all, or those named) to dumps/RUBY/NAME.tar.zst, each with
# NAME-1.json, NAME-2.json and NAME-3.json, by Debian's Ruby (bookworm: 3.1.2) and by Ruby as WebAssembly.
# Both run /srv/scenarios/NAME.rb, so that the paths in the dumps are the same everywhere.
# make.sh compact [RUBY]: writes compact/VERSION/leak.tar.zst, the program in ../leaky with its heap
# compacted before the second and third dump. compact/compact.rb says how; 3.1.2 ran with HOLES=0, 3.4.9 was built
# from source.
# Needs root for /srv, ruby, node, npm and zstd.
set -euo pipefail
cd "$(dirname "$0")"

packages=(@ruby/4.0-wasm-wasi@2.10.1 @ruby/wasm-wasi@2.10.1)
modules=${XDG_CACHE_HOME:-$HOME/.cache}/heapline/wasm-rubies

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

pack() { # NAME DIR
  mkdir -p "$2"
  tar -C "$out" --format=ustar --owner=0 --group=0 --numeric-owner --mode=644 --mtime=@0 -c "$1"-{1,2,3}.json |
    zstd -q -f -19 --long=26 -o "$2/$1.tar.zst"
  rm "$out/$1"-{1,2,3}.json
}

compact() { # RUBY
  local version
  version=$("$1" -e 'print RUBY_VERSION')
  rm -rf /srv/leaky
  cp -r ../leaky /srv/leaky
  cp compact/compact.rb /srv/leaky/
  # csv is a gem since 3.4, and the program only loads it.
  echo > "$out/csv.rb"
  "$1" --disable-gems -r /srv/leaky/compact.rb -I "$out" /srv/leaky/server.rb "$out"
  pack leak "compact/$version"
}

names=("$@")
if [[ ${1-} == compact ]]; then
  compact "${2-ruby}"
  exit
fi
((${#names[@]})) || mapfile -t names < <(basename -s .rb -- *.rb | grep -vxE 'harness|noise')

[[ -d $modules/node_modules/@bjorn3/browser_wasi_shim ]] ||
  npm install --silent --no-audit --no-fund --no-save --prefix "$modules" "${packages[@]}"
cp wasm.mjs "$modules/"

rm -rf /srv/scenarios
mkdir -p /srv/scenarios
cp -r -- *.rb */ /srv/scenarios/
rm -rf /srv/scenarios/dumps /srv/scenarios/compact

native=$(ruby -e 'print RUBY_VERSION')
for name in "${names[@]}"; do
  ruby --disable-gems "/srv/scenarios/$name.rb" "$out/$name"-{1,2,3}.json
  pack "$name" "dumps/$native"
  wasm=$(node "$modules/wasm.mjs" "$modules/node_modules/@ruby/4.0-wasm-wasi/dist/ruby+stdlib.wasm" . "$name" "$out")
  pack "$name" "dumps/$wasm"
  echo "$name: $native $wasm"
done
