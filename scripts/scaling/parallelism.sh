#!/usr/bin/env bash
# Every way of using N ranks on one task, at 1, 2 and 4 ranks, and simulated at up to 16: Markdown tables on stdout, pictures
# beside this file.   scripts/scaling/parallelism.sh [FOLDER] [options of training]
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-$(mktemp -d)}
shift || true
npm run build --silent

train() { # NAME RANKS options: a run that is there already stays
  local folder=$out/$1-$2 ranks=$2
  shift 2
  [ -e "$folder/report.html" ] && return
  rm -rf "$folder"
  node launcher/pporun.mjs -np "$ranks" --quiet --out "$folder" train --checkpoint-every off --total-steps 60000 "$@"
}
for ranks in 1 2 4; do
  train allreduce $ranks "$@"
  train local $ranks --parallelism local "$@"
  train model $ranks --parallelism model --shards 4 "$@"
  [ $ranks = 1 ] && continue
  train sampler $ranks --parallelism sampler "$@"
  train server $ranks --parallelism server "$@"
done
for every in 1 16; do train "local$every" 4 --parallelism local --average-every $every "$@"; done
[ -s "$out/simulated.json" ] || node --enable-source-maps dist/scripts/scaling/simulated.js >"$out/simulated.json"
node scripts/scaling/parallelism.mjs "$out"
