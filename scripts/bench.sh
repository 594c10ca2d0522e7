#!/usr/bin/env bash
# Measures the promised figures, on SQLite and on PostgreSQL (MEER_TEST_DATABASE, else a private server; `none` leaves it
# out). An argument is the number of cases instead of a million.
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
cargo run --profile measure -p bench -- "$@"
