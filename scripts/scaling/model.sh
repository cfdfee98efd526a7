#!/usr/bin/env bash
# A policy of two layers of 4 096 on one rank, and divided between 2 and 4: memory per rank and time per update, as a
# Markdown table. scripts/scaling/model.sh [FOLDER] [SECONDS of each run]
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-$(mktemp -d)}
seconds=${2:-90}
npm run build --silent

for ranks in 1 2 4; do
  # One shard: a team has all rows. The time limit ends the run after an update.
  node launcher/pporun.mjs -np $ranks --oversubscribe --timeout "$seconds" --quiet --out "$out/$ranks" scripts/scaling/memory.ts \
    --env Pendulum-v1 --hidden 4096,4096 --num-envs 8 --num-steps 8 --shards 1 --batch-size 64 --update-epochs 1 \
    --checkpoint-every off --parallelism model || [ $? -eq 75 ] || [ $? -eq 124 ]
done
node scripts/scaling/model.mjs "$out"
