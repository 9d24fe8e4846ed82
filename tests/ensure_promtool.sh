#!/bin/sh
# Put Debian's promtool beside the Python of the tests, if there is none yet; needs no root.
# Where that does not work, tests/deploy says what is missing.
# $1: the folder with the programs of the virtual environment.
set -eu
bin=$1
[ -n "${PROMTOOL_PATH:-}" ] && exit 0
command -v promtool >/dev/null 2>&1 && exit 0
[ -x "$bin/promtool" ] && exit 0
command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || exit 0

echo "Getting promtool for the tests of the alerts ..."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
get() { timeout 120 apt-get download -qq prometheus </dev/null >/dev/null 2>&1; }
get || { [ "$(id -u)" = 0 ] && timeout 120 apt-get update -qq </dev/null >/dev/null 2>&1 && get; } || exit 0
dpkg -x prometheus_*.deb . && cp usr/bin/promtool "$bin/promtool"
