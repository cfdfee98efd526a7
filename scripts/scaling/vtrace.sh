#!/usr/bin/env bash
# What V-trace is for: CartPole by async at np 3, from policies kept back by 20 updates, with the correction and without.
# Rate and clip stay, since those that fall to nothing hold the policy near the one that acted. Some 5 min.
#   scripts/scaling/vtrace.sh [SEEDS] [OUT]    seeds (4); runs below OUT (runs/vtrace), a table, vtrace.svg beside this
set -euo pipefail
cd "$(dirname "$0")/../.."
seeds=${1:-4}
out=${2:-runs/vtrace}

rm -rf "$out"
for seed in $(seq 0 $((seeds - 1))); do
  for correction in vtrace none; do
    node launcher/pporun.mjs -np 3 --quiet --out "$out/$correction-$seed" train --parallelism async --seed "$seed" \
      --lag 20 --max-staleness 4 --correction $correction --lr-schedule constant --clip-schedule constant --total-steps 120000 > /dev/null
  done
done
node scripts/scaling/vtrace.mjs "$out" "$seeds"
