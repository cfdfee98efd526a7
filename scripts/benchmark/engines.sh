#!/usr/bin/env bash
# Every engine beside PyTorch, in turns on one core: engines.sh [ROUNDS] [NETWORKS] [ROWS] [ENGINES]. Prints Markdown.
# DEVICE=cuda measures PyTorch on the GPU. Makes PyTorch's virtual environment in .cache/peers, as peers.sh does.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} networks=${2:-mlp64,mlp256,small,nature} rows=${3:-64,256,1024} engines=${4:-}
made=.cache/peers/torch
if [ ! -x "$made/bin/python" ]; then
  python3 -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check -r scripts/benchmark/peers/torch.txt >&2
fi
[ -d dist/scripts ] || npm run --silent build
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export TF_NUM_INTRAOP_THREADS=1
core="taskset -c ${CORE:-0}"
[ "${DEVICE:-cpu}" = cpu ] || core=
for round in $(seq "$rounds"); do
  $core node launcher/pporun.mjs bench engine --json ${engines:+--engines "$engines"} --networks "$networks" \
    --rows "$rows" >"$out/pporun-$round.json"
  $core "$made/bin/python" scripts/benchmark/peers/torch_step.py "$networks" "$rows" "${DEVICE:-cpu}" \
    >"$out/torch-$round.json"
done
node --enable-source-maps dist/scripts/benchmark/engines.js "$out"/*.json
