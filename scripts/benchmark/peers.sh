#!/usr/bin/env bash
# pporun beside others, taking turns on one core: peers.sh env [ROUNDS]. Prints Markdown.
# Makes a virtual environment for each file of versions (peers/*.txt) in .cache/peers; about 3 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
for name in jax torch; do
  wanted=scripts/benchmark/peers/$name.txt
  made=.cache/peers/$name
  cmp -s "$wanted" "$made/made-from.txt" && continue
  [ -x "$made/bin/python" ] || python3 -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" >&2
  cp "$wanted" "$made/made-from.txt"
done
npm run --silent build
exec node --enable-source-maps dist/scripts/benchmark/peers.js "$@"
