#!/usr/bin/env bash
# Installs Chromium for the tests of the page, where apt-get and root are at hand. Without it they are skipped.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Chromium is not installed, and apt-get or root is missing: tests/page is skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }; then
  echo "Chromium could not be installed: tests/page is skipped" >&2
fi
