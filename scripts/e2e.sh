#!/usr/bin/env bash
# Browser tests, on SQLite and on PostgreSQL (MEER_TEST_DATABASE, else a private server). Needs the binaries and web/dist;
# `make e2e` builds them. Arguments choose test files.
set -uo pipefail
cd "$(dirname "$0")/.."
finish() {
  [ -z "${postgres_dir:-}" ] || { TMPDIR=$postgres_dir scripts/test-postgres.sh stop; rm -rf "$postgres_dir"; }
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ -z "${MEER_TEST_DATABASE:-}" ]; then
  postgres_dir=$(mktemp -d)
  chmod 755 "$postgres_dir"
  MEER_TEST_DATABASE=$(TMPDIR=$postgres_dir scripts/test-postgres.sh start) || exit 1
  export MEER_TEST_DATABASE
fi
node web/e2e/run.mjs "$@"
