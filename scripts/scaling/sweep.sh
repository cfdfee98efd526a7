#!/usr/bin/env bash
# What a sweep costs: eight runs on two cores, beside the same runs by hand, four one after the other on each core.
#   scripts/scaling/sweep.sh [ROUNDS] [OUT]    rounds (3), each in the reverse order of the one before; some 40 s a round
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pporun="node $here/../../launcher/pporun.mjs"
rounds=${1:-3}
out=${2:-runs/sweep-cost}
steps=${STEPS:-50000}

now() { date +%s.%N; }

swept() {
  $pporun sweep -np 2 --out "$1" train --total-steps "$steps" --seeds 8 > /dev/null 2>&1
}

by_hand() {
  for core in 0 1; do
    for seed in 0 1 2 3; do
      $pporun -np 1 --quiet --out "$1/$core-$seed" train --total-steps "$steps" --seed $((4 * core + seed)) > /dev/null 2>&1
    done &
  done
  wait
}

timed() {
  local begin
  begin=$(now)
  "$1" "$out/$1-$2"
  echo "$1 $(now) $begin" | awk '{ printf "%s %.2f\n", $1, $2 - $3 }' | tee -a "$out/seconds.txt"
}

rm -rf "$out"
mkdir -p "$out"
for round in $(seq "$rounds"); do
  order="swept by_hand"
  [ $((round % 2)) = 0 ] && order="by_hand swept"
  for way in $order; do timed "$way" "$round"; done
done
# Of each its fastest round: what else the machine does only ever adds.
awk '!($1 in best) || $2 < best[$1] { best[$1] = $2 }
  END { printf "a sweep of 8: %.1f s; by hand: %.1f s; %+.1f %%\n", best["swept"], best["by_hand"], 100 * (best["swept"] / best["by_hand"] - 1) }' "$out/seconds.txt"
