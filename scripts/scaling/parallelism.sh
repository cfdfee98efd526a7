#!/usr/bin/env bash
# Every way of using N ranks on one task, at 1, 2 and 4 ranks, and simulated at up to 16: Markdown tables on stdout, pictures
# beside this file.   scripts/scaling/parallelism.sh [FOLDER] [options of training]    runs that are in FOLDER already stay
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$out"' EXIT
shift || true
npm run build --silent
# What 16 ranks can share; the same at every number of ranks.
task=(--num-envs 16 --num-steps 32 --shards 16 --total-steps 60000 "$@")

train() { # NAME RANKS options
  local folder=$out/$1-$2 ranks=$2
  shift 2
  [ -e "$folder/report.html" ] && return
  rm -rf "$folder"
  node launcher/pporun.mjs -np "$ranks" --quiet --out "$folder" train --checkpoint-every off "${task[@]}" "$@" >&2
}
for ranks in 1 2 4; do
  train allreduce $ranks
  train local $ranks --parallelism local
  train model $ranks --parallelism model --shards 4
  [ $ranks = 1 ] && continue
  train sampler $ranks --parallelism sampler
  train server $ranks --parallelism server
done
for every in 1 16; do train "local$every" 4 --parallelism local --average-every $every; done
# More ranks than cores: what they learn in how many steps is the same there, only their time is not.
for ranks in 8 16; do train local $ranks --parallelism local; done
[ -s "$out/simulated.json" ] ||
  node --enable-source-maps dist/scripts/scaling/simulated.js "${task[@]}" >"$out/simulated.json"
node scripts/scaling/parallelism.mjs "$out"
