#!/usr/bin/env bash
# Lints and tests on SQLite and a private PostgreSQL, then the pages and the walks through both services in Chromium.
# Goes on after a failure; the last line is the sum: `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
log=$target/test.log
: >"$log"
passed=0
failed=0
broken=()

add() { passed=$((passed + $1)); failed=$((failed + $2)); }
sum() { # file, pattern with one number
  sed -nE "s/$2/\\1/p" "$1" | awk '{ n += $1 } END { print n + 0 }'
}

# Runs one step, shows it and keeps its text. A step counts by its own result lines; one that ends with an error
# without naming a failed test (a build that broke) counts as one failure, one without tests as one check.
step() { # name, pattern of passed, pattern of failed, command...
  local name=$1 good_line=$2 bad_line=$3 part good bad status
  shift 3
  printf '\n== %s (minute %d)\n' "$name" $((SECONDS / 60))
  part=$(mktemp)
  "$@" 2>&1 | tee "$part"
  status=${PIPESTATUS[0]}
  good=$(sum "$part" "$good_line")
  bad=$(sum "$part" "$bad_line")
  [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  [ "$status" -ne 0 ] || [ "$((good + bad))" -gt 0 ] || good=1
  { printf '== %s\n' "$name"; cat "$part"; } >>"$log"
  rm -f "$part"
  add "$good" "$bad"
  [ "$bad" -eq 0 ] || broken+=("$name ($bad)")
  return "$status"
}
# Matches no line: the step has no result lines of its own.
none='^()$a'
cargo_good='^test result: .* ([0-9]+) passed; [0-9]+ failed;.*'
cargo_bad='^test result: .* [0-9]+ passed; ([0-9]+) failed;.*'
node_good='^[^ ]+ pass ([0-9]+)$'
node_bad='^[^ ]+ fail ([0-9]+)$'

finish() {
  [ -z "${postgres_dir:-}" ] || { TMPDIR=$postgres_dir scripts/test-postgres.sh stop; rm -rf "$postgres_dir"; }
  postgres_dir=
}
trap finish EXIT
trap 'exit 130' INT TERM

if step "set-up" "$none" "$none" scripts/setup.sh test; then
  step "browser side" "$none" "$none" npm --prefix web test --silent
  step "format" "$none" "$none" cargo fmt --all --check
  step "tidy" '^tidy: ([0-9]+) passed, [0-9]+ failed$' '^tidy: [0-9]+ passed, ([0-9]+) failed$' \
    cargo run -q -p xtask -- tidy
  # One set of features for build, lints and tests, so that everything is compiled once.
  if step "build" "$none" "$none" cargo build --workspace --all-targets; then
    if [ -z "${MEER_TEST_DATABASE:-}" ]; then
      postgres_dir=$(mktemp -d)
      chmod 755 "$postgres_dir"
      MEER_TEST_DATABASE=$(TMPDIR=$postgres_dir scripts/test-postgres.sh start) || { add 0 1; broken+=("PostgreSQL server (1)"); }
      export MEER_TEST_DATABASE
    fi
    step "tests" "$cargo_good" "$cargo_bad" cargo test --workspace --no-fail-fast
    step "conformance" "$none" "$none" make --no-print-directory conformance
    step "browser tests" "$node_good" "$node_bad" scripts/e2e.sh
  fi
  step "lints" "$none" "$none" cargo clippy --workspace --all-targets -- -D warnings
fi

printf '\n%d minutes; log in %s\n' $((SECONDS / 60)) "$log"
if [ ${#broken[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${broken[@]}"
  grep -E '^test .* \.\.\. FAILED$|^✖ .*ms\)$' "$log" | sort -u | head -n 50
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
