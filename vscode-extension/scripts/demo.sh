#!/usr/bin/env bash
# Opens the sample Ruby app, three heap dumps of it loaded, in VS Code in your browser. Builds and installs what it needs first;
# writes nothing but caches and a temporary folder. PORT=8123 chooses the port, Ctrl-C ends it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
app=$root/testdata/leaky

say() { echo "demo: $*" >&2; }

editor=$("$here/setup-editor.sh" --no-browser)
cd "$root"
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  say "installing npm packages"
  npm ci --silent
fi
say "building the server and the extension"
vsix=$(node "$here/package.mjs" | tail -n 1)

scratch=$(mktemp -d "${TMPDIR:-/tmp}/heapline-demo.XXXXXX")
server=
finish() {
  trap - EXIT INT TERM
  if [ -n "$server" ] && kill "$server" 2>/dev/null; then
    wait "$server" || true
  fi
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 0' INT TERM

mkdir -p "$scratch/user/User"
cat >"$scratch/user/User/settings.json" <<SETTINGS
{
  "heapline.dump": ["$app/leak-1.json.gz", "$app/leak-2.json.gz", "$app/leak-3.json.gz"],
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "files.autoSave": "off",
  "git.openRepositoryInParentFolders": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none"
}
SETTINGS
folders=(--user-data-dir "$scratch/user" --extensions-dir "$scratch/extensions")
"$editor/code-server" "${folders[@]}" --install-extension "$vsix" >"$scratch/install.log" 2>&1 ||
  { cat "$scratch/install.log" >&2; exit 1; }

# 127.0.0.1 only, and therefore without a password.
mkfifo "$scratch/log"
EXTENSIONS_GALLERY='{}' "$editor/code-server" "${folders[@]}" --bind-addr "127.0.0.1:${PORT:-0}" --auth none \
  --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override \
  --config "$scratch/none.yaml" "$app" >"$scratch/log" 2>&1 &
server=$!
exec 3<"$scratch/log"
address=
while read -r line <&3; do
  if [[ $line =~ HTTP\ server\ listening\ on\ http://([0-9.:]+) ]]; then
    address=${BASH_REMATCH[1]}
    break
  fi
  echo "$line" >>"$scratch/start.log"
done
[ -n "$address" ] || { say "the editor did not start:"; cat "$scratch/start.log" >&2; exit 1; }

# shellcheck disable=SC2016 # JavaScript's dollars, not the shell's
url=$(node -p '
  const [address, app] = process.argv.slice(1);
  const file = [["openFile", `vscode-remote://${address}${app}/lib/request.rb`]];
  `http://${address}/?${new URLSearchParams({ folder: app, payload: JSON.stringify(file) })}`' "$address" "$app")
echo
echo "  Heapline's sample app, with three heap dumps of it loaded:"
echo
echo "  $url"
echo
echo "  Every line that allocated objects which are still alive says so. Rest the mouse on one for its classes;"
echo "  Ctrl+Shift+M lists what leaks. Ctrl-C here ends the demo."
echo
cat <&3 >/dev/null & # a full pipe would stop the editor
wait "$server"
