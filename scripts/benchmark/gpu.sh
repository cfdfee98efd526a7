#!/usr/bin/env bash
# All that has to be known on a machine with an NVIDIA GPU, in Markdown: that the engines on it are right, their speed beside
# PyTorch's, how busy the GPU is in training, two ranks on one GPU, and environments stepped on it. Needs this repository,
# npm, PyPI, python3 with venv, g++, libvulkan1 and the driver; downloads some 6 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvidia-smi -L >/dev/null 2>&1 || { echo "gpu.sh: nvidia-smi shows no GPU here" >&2; exit 1; }
[ -d node_modules ] || npm ci
npm run --silent build
node launcher/pporun.mjs doctor --install tfjs-node-gpu

echo "## $(nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader | head -1)"
echo
echo "Engine suite on it:"
node scripts/test.mjs default engine/libtensorflow | grep -E '^ℹ (pass|fail|skipped)'
echo
echo "WebGPU suite on it:"
node scripts/test.mjs webgpu | grep -E '^ℹ (pass|fail|skipped)'
echo
DEVICE=cuda scripts/benchmark/engines.sh 3 mlp64,mlp256,small,nature 64,256,1024 tfjs-node-gpu,webgpu

out=$(mktemp -d)
trap 'kill "$watch" 2>/dev/null || true; rm -rf "$out"' EXIT
echo
echo "| ranks on one GPU | steps per second | GPU busy, % | memory, MiB | device |"
echo "| --- | --- | --- | --- | --- |"
for np in 1 2; do
  CUDA_VISIBLE_DEVICES=0 nvidia-smi -i 0 --query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits -l 1 \
    >"$out/busy-$np" &
  watch=$!
  CUDA_VISIBLE_DEVICES=0 node launcher/pporun.mjs --quiet --require-gpu -np "$np" --out "$out/$np" train \
    --env Catch-v0 --engine tfjs-node-gpu >"$out/log-$np" 2>&1 || { cat "$out/log-$np" >&2; exit 1; }
  kill "$watch"
  node -e '
    const { readFileSync } = require("node:fs")
    const [np, run, busy] = process.argv.slice(1)
    const { sps, device } = JSON.parse(readFileSync(run, "utf8"))
    const samples = readFileSync(busy, "utf8").trim().split("\n").map(line => line.split(",").map(Number))
    const middle = samples.map(([use]) => use).sort((a, b) => a - b)[samples.length >> 1]
    const memory = Math.max(...samples.map(([, used]) => used))
    console.log(`| ${np} | ${sps.toFixed(0)} | ${middle} | ${memory} | ${device} |`)
  ' "$np" "$out/$np/run.json" "$out/busy-$np"
done

echo
echo "| CartPole-v1 on the GPU, environments | steps per second | us per rollout of 32 steps | device |"
echo "| --- | --- | --- | --- |"
for envs in 1024 16384; do
  node launcher/pporun.mjs --quiet --require-gpu -np 1 --out "$out/envs-$envs" train --engine webgpu --num-envs "$envs" \
    --num-steps 32 --batch-size $((8 * envs)) --update-epochs 2 --total-steps $((32 * 20 * envs)) >"$out/log-$envs" 2>&1 ||
    { cat "$out/log-$envs" >&2; exit 1; }
  node -e '
    const { readFileSync } = require("node:fs")
    const [envs, folder] = process.argv.slice(1)
    const { sps, device } = JSON.parse(readFileSync(`${folder}/run.json`, "utf8"))
    const updates = readFileSync(`${folder}/metrics.jsonl`, "utf8").trim().split("\n").map(line => JSON.parse(line))
    const times = updates.map(update => 1e6 * update["time/act"]).sort((a, b) => a - b)
    console.log(`| ${envs} | ${sps.toFixed(0)} | ${times[times.length >> 1].toFixed(0)} | ${device} |`)
  ' "$envs" "$out/envs-$envs"
done
