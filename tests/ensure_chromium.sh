#!/bin/sh
# Make sure that a Chromium for the browser tests is there; print nothing when it is.
# Looks at CHROMIUM_PATH, then PATH, then what Playwright has downloaded; installs one if all fail.
# $1: the Python that has Playwright.
set -eu
python=${1:-python3}

if [ -n "${CHROMIUM_PATH:-}" ]; then
  [ -x "$CHROMIUM_PATH" ] && exit 0
  echo "CHROMIUM_PATH=$CHROMIUM_PATH is not an executable file" >&2
  exit 1
fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
"$python" - <<'PY' && exit 0
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not os.path.exists(playwright.chromium.executable_path))
PY

echo "No Chromium found for the browser tests: installing one ..."
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq </dev/null && apt-get install -y -qq chromium </dev/null >/dev/null; then
    command -v chromium >/dev/null 2>&1 && exit 0
  fi
fi
exec "$python" -m playwright install chromium
