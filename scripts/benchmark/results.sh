#!/usr/bin/env bash
# Repeats the learning results: trains everything in results/rows.ts with the real command, on one core, and writes
# results/README.md with a picture for each environment. Words choose rows by their names: results.sh Pendulum
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent build
exec node --enable-source-maps dist/scripts/benchmark/results.js "$@"
