#!/bin/bash
# test.sh [GROUP…]: installs what the groups need and runs them, all by default, the next one also after one that
# failed. Ends with a table of how many tests ran in each, and a line for machines: "N passed, N failed, 0 skipped".
# A group that ran nothing has failed, and a skipped test as well.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

# Tools that only development needs, pinned here so that go.mod stays free of them.
golangci_lint=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
gotestsum=gotest.tools/gotestsum@v1.13.0

results=test-results
mkdir -p "$results"

# npm writes node_modules/.package-lock.json when it is done.
npm_packages() {
  [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci --no-audit --no-fund
}

# Runs a command as one test.
check() {
  local name=$1
  shift
  if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

#### The groups. Each prints what people read; what it says last of all is counted below.

run_go() {
  go run "$gotestsum" --format pkgname --jsonfile "$results/go.json" -- -race -count=1 -timeout 20m ./...
}

# What takes dumps, with the Rubies and servers that it takes them of.
run_capture() {
  .ci/apt.sh ruby ruby-bundler ruby-rbtrace ruby-rspec puma ruby-sidekiq redis-server || return
  go run "$gotestsum" --format pkgname --jsonfile "$results/capture.json" -- -race -count=1 -timeout 5m -tags capture -skip "^TestScripts$" \
    ./index/capture ./cmd/heapline
  local status=$?
  grep -oE '[0-9]+ requests, [^"\]+' "$results/capture.json" # what a server felt of it
  return "$status"
}

run_lint() {
  npm_packages && .ci/apt.sh shellcheck || return
  check 'golangci-lint, gofumpt' go run "$golangci_lint" run --build-tags capture ./...
  check 'go.mod is tidy' go mod tidy -diff
  check 'extension: lint' npm run --silent lint
  check 'extension: types' npm run --silent check
  check 'shell scripts' shellcheck .ci/run .ci/*.sh lsp/testdata/nvim/*.sh vscode-extension/scripts/*.sh
}

run_fuzz() {
  .ci/fuzz.sh 20s
}

run_ext() {
  npm_packages && npm test --silent
}

run_vscode() {
  # The editor is installed here and not from within npm run, whose variables name another Node.js than the editor's.
  npm_packages && .ci/apt.sh ruby ruby-rbtrace && timeout 15m vscode-extension/scripts/setup-editor.sh && timeout 15m npm run --silent e2e
}

run_nvim() {
  local nvim
  .ci/apt.sh ruby tmux && nvim=$(.ci/get-nvim.sh) && make --silent build || return
  timeout 5m "$nvim" --clean --headless -l lsp/testdata/nvim/test.lua
  local status=$?
  timeout 5m lsp/testdata/nvim/terminal.sh "$nvim" "$results/nvim" && return "$status"
}

#### How many ran: "name run failed skipped" a line, from what the group printed.

count_go() { # by package
  awk -F '"' -v name="$1" '/"Action":"(pass|fail|skip)"/ && /"Test":/ {
      for (i = 2; i < NF; i += 2) if ($i == "Action") action = $(i + 2); else if ($i == "Package") package = $(i + 2)
      sub("^heapline/", "", package)
      run[package]++
      count[package, action]++
    }
    END { for (p in run) print name ":" p, run[p], count[p, "fail"] + 0, count[p, "skip"] + 0 }' "$results/$1.json" | sort
}

count_tap() { # ok - name, not ok 3 - name, ok 4 - name # SKIP
  awk -v name="$1" '/^(not )?ok / { run++ } /^not ok / { failed++ } /^ok .*# SKIP/ { skipped++ }
    END { print name, run + 0, failed + 0, skipped + 0 }' "$results/$1.log"
}

count_node() { # ℹ tests 12
  awk -v name="$1" '$1 == "ℹ" { of[$2] = $3 }
    END { print name, of["tests"] + 0, of["fail"] + of["cancelled"] + 0, of["skipped"] + of["todo"] + 0 }' "$results/$1.log"
}

declare -A counter=([go]=count_go [capture]=count_go [lint]=count_tap [fuzz]=count_tap [ext]=count_node [vscode]=count_tap [nvim]=count_tap)

#### All of it

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

run_group() {
  local group=$1 began=$SECONDS status counted
  echo "== $group"
  : >"$results/$group.log"
  "run_$group" </dev/null 2>&1 | tee "$results/$group.log"
  status=${PIPESTATUS[0]}
  counted=$("${counter[$group]}" "$group")
  # No test failed, and yet it did (it does not compile, an installation failed); or nothing ran at all.
  if ! awk -v bad="$((status != 0))" '{ run += $2; failed += $3 } END { exit !(run > 0 && (failed > 0 || !bad)) }' <<<"$counted"; then
    counted+=$'\n'"$group:itself 1 1 0"
  fi
  awk -v seconds="$((SECONDS - began))" 'NF { print $0, (NR == 1 ? seconds : "") }' <<<"$counted" >>"$rows"
}

(($#)) || set -- go capture lint fuzz ext vscode nvim
for group; do
  [[ -n ${counter[$group]:-} ]] || { echo "test.sh: no group $group, there are: ${!counter[*]}" >&2; exit 2; }
done
for group; do run_group "$group"; done

echo
awk 'BEGIN { format = "%-24s %6s %8s %9s %9s\n"; printf format, "group", "run", "failed", "skipped", "seconds" }
  { printf format, $1, $2, $3, $4, $5; run += $2; failed += $3; skipped += $4 }
  END { printf "\n%d passed, %d failed, %d skipped\n", run - failed - skipped, failed, skipped; exit failed + skipped > 0 }' "$rows"
