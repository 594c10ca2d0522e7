#!/usr/bin/env bash
# Installs what is missing to build and test: Debian packages where this user may, else it says the one command to run;
# npm packages when the lock file changed. `setup.sh run` leaves out what only the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-test}

packages=()
command -v cc >/dev/null && command -v make >/dev/null || packages+=(build-essential)
command -v pkg-config >/dev/null || packages+=(pkg-config)
command -v git >/dev/null || packages+=(git)
command -v node >/dev/null || packages+=(nodejs)
# Answers as the sandbox's time-stamping authority.
command -v openssl >/dev/null || packages+=(openssl)
# npm comes with some builds of nodejs and as a package of its own with Debian's.
command -v npm >/dev/null || packages+=(npm)
if [ "$purpose" = test ]; then
  [ -n "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || packages+=(chromium)
  # One test changes a file behind the program's back, as somebody with a shell would.
  command -v sqlite3 >/dev/null || packages+=(sqlite3)
  # One test lets years go by.
  command -v faketime >/dev/null || packages+=(faketime)
  ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || packages+=(postgresql)
  # The tests start a scanner of their own, with a signature of their own; see below for the services of the package.
  [ -x /usr/sbin/clamd ] || packages+=(clamav-daemon)
fi

if [ ${#packages[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${packages[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "Missing: ${packages[*]} (names of Debian packages). Please install them and try again." >&2
    exit 1
  elif [ "$(id -u)" = 0 ]; then
    as_root=()
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "Missing: ${packages[*]}. Please run this and try again:" >&2
    echo "  sudo $install" >&2
    exit 1
  fi
  echo "Installing ${packages[*]} ..."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
  freshclam=$(command -v freshclam || true)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $install
  # The scanner's package brings the service that fetches all signatures. Nothing here needs it; who had it keeps it.
  if [[ " ${packages[*]} " == *" clamav-daemon "* ]] && [ -z "$freshclam" ] && [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl disable --now clamav-freshclam.service clamav-daemon.service clamav-daemon.socket || true
  fi
fi

node_major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$node_major" -lt 20 ]; then
  echo "Node.js 20 or newer is needed, here is $(node --version). Debian 13 has it; see https://nodejs.org for older systems." >&2
  exit 1
fi
if ! command -v cargo >/dev/null; then
  echo "Rust is missing. Please install rustup (Debian 13: sudo apt-get install rustup; else https://rustup.rs)" >&2
  echo "and try again; the version in rust-toolchain.toml is then fetched by itself." >&2
  exit 1
fi

# The stamp lies inside node_modules, so that removing the folder removes it too.
stamp=web/node_modules/.installed-lock
if ! cmp -s web/package-lock.json "$stamp"; then
  echo "Installing the npm packages of web/ ..."
  (cd web && npm ci --no-progress)
  cp web/package-lock.json "$stamp"
fi
