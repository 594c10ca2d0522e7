#!/usr/bin/env bash
# Starts the sandbox (registers, eID, payment, mail) and the program with the demo cities, says how to log in,
# and ends both on Ctrl-C or when one of them ends. Needs both binaries built; `make run` does all.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${CARGO_TARGET_DIR:-target}/debug
sandbox_port=8090
meer_port=8080

open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# The sandbox also takes mails and scans files (8025, 8026, see meer.demo.toml).
for port in $meer_port $sandbox_port 8025 8026; do
  if open "$port"; then
    echo "Port $port is in use. Please end what runs there and try again." >&2
    exit 1
  fi
done

pids=()
finish() {
  trap - EXIT INT TERM
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
}
trap finish EXIT
trap 'finish; exit 130' INT
trap 'finish; exit 143' TERM

# Waits until something answers at the port; fails when the process ends first.
ready() { # name pid port
  for _ in $(seq 1 300); do
    open "$3" && return 0
    kill -0 "$2" 2>/dev/null || { echo "$1 ended at start; see its messages above." >&2; return 1; }
    sleep 0.2
  done
  echo "$1 did not answer at port $3 within 60 seconds." >&2
  return 1
}

"$bin/sandbox" --data data/sandbox --http "127.0.0.1:$sandbox_port" \
  --notify "meerbusch=http://127.0.0.1:$meer_port/api/v1/payments/notification" \
  --notify "musterstadt=http://musterstadt.localhost:$meer_port/api/v1/payments/notification" & pids+=($!)
ready sandbox "$!" $sandbox_port
"$bin/meer" --config meer.demo.toml serve & pids+=($!)
ready meer "$!" $meer_port

# `login` (or `email`) and `password` of each entry of the demo city's people.
logins() {
  awk -F'"' -v kind="$1" '/^\[\[/ { on = index($0, kind) } on && /^(login|email) = / && !name { name = $2 }
    on && /^unit = / { unit = $2 } on && /^password = / { printf "      %-32s %-20s %s\n", name, $2, unit; name = unit = "" }
    /^\[\[/ { name = unit = "" }' cities/meerbusch/people.toml
}

cat <<TXT

  Meer is running.

    Portal of the city      http://localhost:$meer_port
    Desk of the clerks      http://localhost:$meer_port/intern
    Outside world (sandbox) http://localhost:$sandbox_port
      test cards for the eID, received e-mails, payments, registers

    Clerks sign in at http://localhost:$meer_port/intern with
$(logins staff)
    Residents sign in at http://localhost:$meer_port/anmelden with the Online-Ausweis (a test card), or with
$(logins citizen)

  All people and documents are samples. Data lie in data/; remove the folder to start afresh.
  Ctrl-C ends everything.

TXT
wait -n
