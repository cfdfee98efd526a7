#!/usr/bin/env bash
# Throughput with one of four ranks slowed to a quarter: allreduce waits for it, async does not. Some 40 s.
#   scripts/scaling/async.sh [OUT]    runs below OUT (runs/async), compared in OUT/report.html
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pporun="node $here/../../launcher/pporun.mjs"
out=${1:-runs/async}

for way in allreduce async; do
  $pporun -np 4 --quiet --out "$out/$way" "$here/slowed.ts" --parallelism $way --total-steps 30000 > /dev/null
done
node -e '
  const { readFileSync } = require("node:fs")
  const [out] = process.argv.slice(1)
  const of = way => JSON.parse(readFileSync(`${out}/${way}/run.json`, "utf8"))
  const [allreduce, async] = ["allreduce", "async"].map(of)
  for (const run of [allreduce, async])
    console.log(run.parallelism.padEnd(10), `${Math.round(run.sps)} steps/s`.padStart(14), `  return ${run.evaluation.meanReturn}`)
  console.log(`async is ${(async.sps / allreduce.sps).toFixed(2)} times as fast`)
' "$out"
$pporun report "$out" -o "$out/report.html"
