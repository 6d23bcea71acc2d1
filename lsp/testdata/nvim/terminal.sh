#!/bin/bash
# terminal.sh NVIM [FOLDER]: the main job on Neovim's real screen, in tmux. Types what a developer types, reads what
# is rendered, and leaves the captures in FOLDER (test-results/nvim). Needs tmux and bin/heapline.
set -euo pipefail

nvim=$1
repository=$(cd "$(dirname "$0")/../../.." && pwd)
results=$(realpath -m "${2:-$repository/test-results/nvim}")
workspace=$(mktemp -d)
mkdir -p "$results"

tmux() { command tmux -L "heapline-$$" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null || true; rm -rf "$workspace"' EXIT

screen() { tmux capture-pane -p; }
type_keys() { tmux send-keys "$@"; }

# Waits until the screen, line by line, matches (or with "no" in front does not match) an extended regular expression.
await() {
  local want=0 deadline=$((SECONDS + 20))
  if [[ $1 == no ]]; then want=1 && shift; fi
  while ((SECONDS < deadline)); do
    local got=0
    screen >"$workspace/screen" || return 1 # Neovim is gone
    grep -Eq -- "$1" "$workspace/screen" || got=1
    ((got == want)) && return
    sleep 0.05 # between two looks
  done
  return 1
}

# A line of the buffer as it is rendered, sign and number first: its text, and the hint right after it.
hint() { echo "^[ A-Z]* $1 +$2 $3"; }
# Whether no red is on the screen. Neovim itself has only the bright colours.
no_red() { ! tmux capture-pane -pe | grep -Eq $'\e\\[([0-9;]*;)?31m'; }
class_row='\| String +\| +10,000 \| +400\.0 kB \|'

passed=0
failed=0
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok $((passed + failed)) - $name"
  else
    failed=$((failed + 1))
    echo "not ok $((passed + failed)) - $name; the screen was:"
    sed 's/^/  /' "$workspace/screen"
  fi
}

cp -r "$repository/testdata/leaky/." "$workspace"
touch "$workspace/Gemfile"
mkdir "$workspace/tmp" # for the dumps that are taken here
# A dump whose names and values are hostile, and the files that it names: one with an escape, one with U+202E
cp "$repository/lsp/testdata/nvim/hostile.heap" "$workspace"
touch "$workspace/lib/"$'[click](command:workbench.action.quit)\e[31m`.rb'
touch "$workspace/lib/"$'<img src=x onerror=alert(1)>\xe2\x80\xae![x](x.png).rb'
cat >"$workspace/init.lua" <<LUA
vim.opt.runtimepath:prepend('$repository')
vim.o.number, vim.o.swapfile, vim.o.wrap, vim.o.statusline = true, false, false, '%f'
vim.api.nvim_create_autocmd('LspAttach', {
  callback = function()
    vim.o.statusline = '%f, Heapline is attached'
  end,
})
vim.api.nvim_create_autocmd('TermOpen', { command = 'startinsert' }) -- as many have it
vim.lsp.enable('heapline')
LUA

cd "$workspace"
tmux new-session -d -x 140 -y 40 "env TERM=tmux-256color PATH=/usr/bin:/bin '$nvim' --clean -u init.lua lib/request.rb"

check 'the server is attached' await 'Heapline is attached'

type_keys ':HeaplineLoad leak-3' Tab Enter
check 'line 8 says 15,002 objects' await "$(hint 8 '@headers = .* }' '15,002 objects · 1\.2 MB retained')"
check 'the message tells what was found' await '^Heapline: leak-3\.json\.gz: [0-9,]+ objects live on [0-9,]+ lines of [0-9,]+ files'
screen >"$results/hints.txt"

type_keys '8GwK'
check 'K shows the classes of the line' await "$class_row"
screen >"$results/hover.txt"
type_keys h
check 'moving on closes the hover' await no "$class_row"

type_keys 'ggOa new line' Escape # Neovim goes on with the comment
check 'an edit above moves the hint with its line' await "$(hint 9 '@headers = .* }' '15,002 objects')"
check 'and leaves none behind' await no "$(hint 8 '.*' '15,002 objects')"

type_keys ':edit! server.rb' Enter
check 'another file has its hints' await "$(hint 27 '.* }' '5,004 objects')"
screen >"$results/server.txt"

type_keys ':HeaplineLoad hostile' Tab Enter
check 'a dump with hostile names and values is loaded' await '^Heapline: hostile\.heap: 14 objects live on 3 lines of 3 files'
type_keys ':edit! lib/request.rb' Enter
check 'its hint is there' await "$(hint 9 '@headers = .* }' '5 objects · 35\.0 kB retained')"
type_keys '9GwztK'
check 'names of files that would be markup are text' await '^Held by: ARRAY at lib/\\?<img src=x onerror=alert\(1\)>\\+u202e'
check 'and so are those of classes' await '^\| \[click\]\(command:workbench\.action\.quit\) +\|'
check 'and of methods' await '^Methods: \]\(command:workbench\.action\.quit\), <script>alert\(1\)</script>, '
check 'and values' await '\| "!\[x\]\(https://evil\.example/x\.png\)" +\|$'
check 'an escape in a value is text' await '\| "\\x1b\[31mred ¦ .ticks." +\|$'
check 'and colours nothing' no_red
check 'line breaks in a value are text' await '\| "one\\n\\n# Heading\\n\\n¦ a ¦ b ¦\\n" +\|$'
check 'and break no line' await no '^ *# Heading'
screen >"$results/hostile.txt"
type_keys h

type_keys ':HeaplineUnload' Enter
check 'unloading clears the screen' await no '[0-9] objects? ·'
screen >"$results/unloaded.txt"

type_keys ':edit! server.rb' Enter
# shellcheck disable=SC2016 # the shell that runs the program knows PWD
type_keys ':HeaplineRun ruby % "$PWD"' Enter
check 'a program runs in a terminal below' await '^/.*/leak-1\.json: [0-9]+ bytes'
type_keys '26Gxj'
check 'keys go to the file, and are no text' await '^ +26 ef round\(n\)'
check 'what the program ends with is on the lines' await "$(hint 27 'n\.times \{ .* \}' '7,004 objects')"
check 'the terminal says where the dump is' await '^heapline: /.*\.heap: '
screen >"$results/run.txt"

type_keys ':qall!' Enter
echo "1..$((passed + failed))"
echo "# screens in ${results#"$repository/"}: $passed passed, $failed failed"
((failed == 0))
