#!/usr/bin/env bash
# Browser tests: the page patterns by themselves, then the walks against a fresh program with its sandbox on SQLite,
# and the short walk (`smoke`) on PostgreSQL. Needs the binaries and web/dist; `make e2e` builds them.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=${CARGO_TARGET_DIR:-target}/debug
status=0
node web/e2e/run.mjs web/e2e/patterns.test.mjs || status=1
exit $status
