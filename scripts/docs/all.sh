#!/usr/bin/env bash
# Redoes the pictures of the READMEs. Needs what scripts/build/webtools.sh installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/build/webtools.sh
npm run build --silent
node scripts/docs/terminal.mjs
node scripts/docs/pages.mjs
