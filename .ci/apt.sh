#!/bin/bash
# apt.sh PACKAGE…: has Debian packages installed. Does nothing where they are, installs the missing
# ones as root, and otherwise says what a person has to install.
set -euo pipefail

missing=()
for package in "$@"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo "apt.sh: please install: ${missing[*]}" >&2
  exit 1
fi

install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "${missing[@]}" >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A new machine has no package lists, an old one has stale ones: either way the first try fails.
install || { apt-get update -qq -o Acquire::Retries=3 >>"$log" 2>&1 || true; install; } ||
  { cat "$log" >&2; exit 1; }
echo "apt.sh: installed ${missing[*]}" >&2
