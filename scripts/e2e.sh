#!/usr/bin/env bash
# Browser tests: the page patterns by themselves, then every walk against a fresh program with its sandbox on SQLite, and
# `smoke.test.mjs` once more on PostgreSQL (MEER_TEST_DATABASE, else a private server). Needs the binaries and web/dist;
# `make e2e` builds them.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=${CARGO_TARGET_DIR:-target}/debug
meer_port=18080
sandbox_port=18090
smtp_port=18025
status=0
pids=()
work=$(mktemp -d)
chmod 755 "$work"

stop() {
  [ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; }
  pids=()
}
finish() {
  stop
  [ ! -d "$work/postgres" ] || TMPDIR=$work/postgres scripts/test-postgres.sh stop
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
ready() { # name pid port
  for _ in $(seq 1 300); do
    open "$3" && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.2
  done
  echo "$1 did not start:" >&2
  cat "$work/$1.log" >&2
  return 1
}

# Starts sandbox and program with fresh data.
start() { # name of the run, further lines of the configuration
  local config=$work/$1.toml
  { printf '%s\n' "$2"; cat meer.demo.toml; } |
    sed -e "s|^listen = .*|listen = \"127.0.0.1:$meer_port\"|" -e "s|^data = .*|data = \"$work/$1\"|" \
      -e "s|localhost:8090|localhost:$sandbox_port|" -e "s|127.0.0.1:8025|127.0.0.1:$smtp_port|" >"$config"
  # A program of an older run would be tested instead of ours.
  if open $meer_port || open $sandbox_port; then
    echo "ports $meer_port and $sandbox_port must be free" >&2
    return 1
  fi
  "$bin/sandbox" --http "127.0.0.1:$sandbox_port" --smtp "127.0.0.1:$smtp_port" --pay-later-after 2 \
    --notify "meerbusch=http://127.0.0.1:$meer_port/api/v1/payments/notification" >"$work/sandbox.log" 2>&1 & pids+=($!)
  ready sandbox "$!" $sandbox_port || return 1
  "$bin/meer" --config "$config" serve >"$work/meer.log" 2>&1 & pids+=($!)
  ready meer "$!" $meer_port
}

# Runs the tests against what was started; what the program said is shown when one fails.
walk() { # files...
  MEER_E2E_BASE=http://localhost:$meer_port MEER_E2E_SANDBOX=http://localhost:$sandbox_port node web/e2e/run.mjs "$@" || {
    status=1
    echo "-- what the program said:"
    tail -n 60 "$work/meer.log"
  }
}

echo "-- page patterns"
node web/e2e/run.mjs web/e2e/patterns.test.mjs || status=1

mapfile -t walks < <(ls web/e2e/*.test.mjs | grep -v '/patterns.test.mjs$')
if [ ${#walks[@]} -gt 0 ]; then
  echo "-- walks on SQLite"
  if start sqlite ""; then walk "${walks[@]}"; else status=1; fi
  stop
fi
if [ -e web/e2e/smoke.test.mjs ]; then
  echo "-- short walk on PostgreSQL"
  server=${MEER_TEST_DATABASE:-}
  if [ -z "$server" ]; then
    mkdir "$work/postgres"
    chmod 755 "$work/postgres"
    server=$(TMPDIR=$work/postgres scripts/test-postgres.sh start) || status=1
  fi
  # A database of its own on the server; its `fsync=off` is accepted because the variable says it is for tests.
  database=meer_e2e_$$
  psql -q "$server" -c "CREATE DATABASE $database" || status=1
  export MEER_TEST_DATABASE=$server
  if start postgres "database = \"${server/postgres?host/$database?host}\""; then walk web/e2e/smoke.test.mjs; else status=1; fi
  stop
  psql -q "$server" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
fi
exit $status
