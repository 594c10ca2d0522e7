#!/bin/sh
# A private PostgreSQL server for the tests: start prints the URL for MEER_TEST_DATABASE, stop ends it and removes its data.
# Durability is off on purpose: what the tests write is thrown away.
set -eu
dir="${TMPDIR:-/tmp}/meer-test-postgres-$(id -u)"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed (Debian: apt-get install postgresql)" >&2; exit 1; }
# The server refuses to run as root: the package's own user does.
as() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }
case "${1:-}" in
start)
  if [ ! -e "$dir/data/PG_VERSION" ]; then
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale >"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
  fi
  if ! as "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
    as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/server.log" start -o "-k $dir -c listen_addresses='' -c fsync=off \
      -c full_page_writes=off -c synchronous_commit=off -c max_connections=400 -c shared_buffers=128MB" >/dev/null
  fi
  echo "postgres://postgres@/postgres?host=$dir"
  ;;
stop)
  as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$dir"
  ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
