#!/usr/bin/env bash
# A policy of two layers of 4 096 on one rank, and divided between 2 and 4: memory per rank and time per update, as a
# Markdown table. scripts/scaling/model.sh [FOLDER] [SECONDS of each run]
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$out"' EXIT
seconds=${2:-90}
npm run build --silent

for ranks in 1 2 4; do
  # One shard: a team has all rows, here one block of the kernels. The time limit ends the run.
  status=0
  node launcher/pporun.mjs -np $ranks --timeout "$seconds" --quiet --out "$out/$ranks" scripts/scaling/memory.ts \
    --env Pendulum-v1 --hidden 4096,4096 --num-envs 8 --num-steps 4 --shards 1 --batch-size 32 --update-epochs 1 \
    --checkpoint-every off --parallelism model >&2 || status=$?
  [ $status = 75 ] || [ $status = 124 ]
done
node scripts/scaling/model.mjs "$out"
