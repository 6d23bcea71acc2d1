#!/bin/bash
# fuzz.sh TIME: runs every fuzz target of the module for TIME each, one a core at a time, and prints a line for each:
# "ok - lsp FuzzDocument, 12345 executions". What a target prints goes to test-results/fuzz, and here if it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
results=$PWD/test-results/fuzz
mkdir -p "$results"

fuzz() {
  local time=$1 results=$2 package=$3 target=$4
  local log=$results/$target.log name="${package#heapline/} $target"
  # By default go test tries for a minute to make each input that is new to it smaller.
  # At the end of its time it may say "context deadline exceeded" and fail, without an input that fails.
  if go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s -parallel 1 "$package" >"$log" 2>&1 ||
    { grep -qx ' *context deadline exceeded' "$log" && ! grep -qE 'Failing input written|panic' "$log"; }; then
    echo "ok - $name, $(sed -nE 's/.*execs: ([0-9]+).*/\1/p' "$log" | tail -n 1) executions"
  else
    cat "$log"
    echo "not ok - $name"
  fi
}
export -f fuzz

for package in $(go list ./...); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    printf '%s\0' "$package" "$target"
  done
done |
  xargs -0 -n 2 -P "$(nproc)" bash -c 'fuzz "$@"' fuzz "$1" "$results" |
  tee "$results/all.log"
[[ -s $results/all.log ]] && ! grep -q '^not ok' "$results/all.log"
