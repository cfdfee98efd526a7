#!/usr/bin/env bash
# pporun beside others, taking turns: peers.sh env|step|ppo|puffer|threshold|np2|allreduce [ROUNDS]. Prints Markdown.
# Makes a virtual environment for each file of versions (peers/*.txt) that it needs in .cache/peers; about 4 GB for all.
set -euo pipefail
cd "$(dirname "$0")/../.."
case "${1:-}" in
  allreduce) needed=torch ;;
  np2) needed=torch ;;
  env | step | puffer | threshold) needed="jax torch" ;;
  *) needed="jax torch rllib" ;;
esac
for name in $needed; do
  wanted=scripts/benchmark/peers/$name.txt
  made=.cache/peers/$name
  cmp -s "$wanted" "$made/made-from.txt" && continue
  [ -x "$made/bin/python" ] || python3 -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" >&2
  cp "$wanted" "$made/made-from.txt"
done
if [ "${1:-}" = allreduce ] && command -v mpicc >/dev/null; then
  mpicc -O2 -o .cache/peers/allreduce scripts/benchmark/peers/allreduce.c
fi
npm run --silent build
exec node --enable-source-maps dist/scripts/benchmark/peers.js "$@"
