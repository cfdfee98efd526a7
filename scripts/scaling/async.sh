#!/usr/bin/env bash
# Throughput with one of four ranks slowed to a quarter: allreduce waits for it, async does not. A Markdown table on stdout.
#   scripts/scaling/async.sh [OUT]    runs below OUT (runs/async), compared in OUT/report.html
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pporun="node $here/../../launcher/pporun.mjs"
out=${1:-runs/async}
ways="allreduce async"

for way in $ways; do
  rm -rf "$out/$way"
  $pporun -np 4 --quiet --out "$out/$way" "$here/slowed.ts" --parallelism $way --total-steps 15000 > /dev/null
done
node -e '
  const { readFileSync } = require("node:fs")
  const [out, ...ways] = process.argv.slice(1)
  const speeds = ways.map(way => JSON.parse(readFileSync(`${out}/${way}/run.json`, "utf8")).sps)
  console.log("| way | steps/s | times allreduce |")
  console.log("| --- | --- | --- |")
  for (const [i, way] of ways.entries())
    console.log(`| ${way} | ${Math.round(speeds[i])} | ${(speeds[i] / speeds[0]).toFixed(2)} |`)
' "$out" $ways
$pporun report "$out" -o "$out/report.html" > /dev/null
