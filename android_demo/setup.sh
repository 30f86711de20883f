#!/bin/sh
# Installs what `mvn -B -f android_demo package` needs from Debian 12; everything else comes from Maven's central repository.
#   sh android_demo/setup.sh           installs what is missing (as root, or with sudo)
#   sh android_demo/setup.sh --check   only says what is missing; the build runs this first
set -eu

# A program and the package that has it. libc6-dev has no program: its C header stands for it.
TOOLS="javac:openjdk-17-jdk-headless mvn:maven aapt2:aapt apksigner:apksigner gcc:gcc
python3:python3 /usr/include/stdlib.h:libc6-dev"

missing() {
  for tool in $TOOLS; do
    name=${tool%%:*}
    command -v "$name" >/dev/null 2>&1 || [ -e "$name" ] || echo "$tool"
  done
}

if [ "${1:-}" = --check ]; then
  found=$(missing | sed 's/\(.*\):\(.*\)/\1 (Debian package \2)/' | paste -sd, - | sed 's/,/, /g')
  [ -z "$found" ] || { echo "missing: $found; run: sh android_demo/setup.sh" >&2; exit 1; }
  exit 0
fi
[ $# = 0 ] || { echo "expected no argument or --check; got: $*" >&2; exit 2; }

packages=$(missing | sed 's/.*://' | paste -sd' ' -)
[ -n "$packages" ] || { echo "nothing is missing"; exit 0; }
. /etc/os-release 2>/dev/null || ID=unknown
if [ "${ID:-}:${VERSION_ID:-}" != debian:12 ] || ! command -v apt-get >/dev/null; then
  echo "expected Debian 12; this is ${PRETTY_NAME:-unknown}; install by hand what these packages have: $packages" >&2
  exit 3
fi
if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else
  echo "expected root or sudo to install: $packages" >&2
  exit 3
fi
echo "installing $packages"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive \
  apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "apt-get could not install: $packages" >&2
  exit 3
fi
echo "installed"
