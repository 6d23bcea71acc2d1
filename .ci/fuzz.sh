#!/bin/bash
# fuzz.sh TIME: runs every fuzz target of the module, one after the other, for TIME each.
set -euo pipefail
cd "$(dirname "$0")/.."

ran=0
failed=0
for package in $(go list ./...); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    ran=$((ran + 1))
    echo "== $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$package" || failed=$((failed + 1))
  done
done
echo "$((ran - failed)) passed, $failed failed"
((ran > 0 && failed == 0))
