#!/usr/bin/env bash
# All that has to be known on a machine with an NVIDIA GPU, in Markdown: that the engines on it are right, their speed beside
# PyTorch's, how busy the GPU is in training, two ranks on one GPU, and environments stepped on it. Needs this repository,
# npm, PyPI, python3 with pip and venv, g++ and the driver; for WebGPU libvulkan1 and the driver's part for Vulkan too;
# downloads some 6 GB. What fails is said in its place and by the exit status; the rest is measured all the same.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvidia-smi -L >/dev/null 2>&1 || { echo "gpu.sh: nvidia-smi shows no GPU here" >&2; exit 1; }
[ -d node_modules ] || npm ci --include=dev
npm run --silent build
node launcher/pporun.mjs doctor --install tfjs-node-gpu

out=$(mktemp -d) watch= failed=0
trap 'kill $watch 2>/dev/null || true; rm -rf "$out"' EXIT
# One GPU, whatever the machine has: CUDA's ranks and Vulkan's go by it.
export CUDA_VISIBLE_DEVICES=0

fails() { # WHAT LOG
  failed=1
  printf '\n%s failed:\n\n```\n%s\n```\n' "$1" "$(tail -20 "$2")"
}
suite() { # ITS WORDS
  local log="$out/suite-$1"
  printf '\n`node scripts/test.mjs %s`:\n\n' "$*"
  node scripts/test.mjs "$@" >"$log" 2>&1 || fails 'It' "$log"
  grep -E '^ℹ (pass|fail|skipped)' "$log" || true
}
train() { # NAME, OPTIONS: into $out/NAME
  local log="$out/log-$1"
  node launcher/pporun.mjs --quiet --require-gpu -np "${np:-1}" --out "$out/$1" train "${@:2}" >"$log" 2>&1 ||
    { fails "train ${*:2}" "$log"; return 1; }
}

echo "## $(nvidia-smi -i 0 --query-gpu=name,memory.total,driver_version --format=csv,noheader)"
suite default engine/libtensorflow
engines=tfjs-node-gpu
if train webgpu --engine webgpu --total-steps 256; then
  engines+=,webgpu
  suite webgpu
fi

echo
DEVICE=cuda scripts/benchmark/engines.sh 3 mlp64,mlp256,small,nature 64,256,1024 "$engines" 2>"$out/engines" ||
  fails 'engines.sh' "$out/engines"

echo
echo "| ranks on one GPU | steps per second | GPU busy, % | memory, MiB | device |"
echo "| --- | --- | --- | --- | --- |"
for np in 1 2; do
  # Its own -l may keep lines back until it ends.
  while nvidia-smi -i 0 --query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits; do sleep 1; done \
    >"$out/busy-$np" &
  watch=$!
  train "ranks-$np" --env Catch-v0 --engine tfjs-node-gpu || { kill "$watch"; continue; }
  kill "$watch"
  node -e '
    const { readFileSync } = require("node:fs")
    const [np, run, busy] = process.argv.slice(1)
    const { sps, device } = JSON.parse(readFileSync(run, "utf8"))
    const samples = readFileSync(busy, "utf8").trim().split("\n").map(line => line.split(",").map(Number))
    const middle = samples.map(([use]) => use).sort((a, b) => a - b)[samples.length >> 1]
    const memory = Math.max(...samples.map(([, used]) => used))
    console.log(`| ${np} | ${sps.toFixed(0)} | ${middle} | ${memory} | ${device} |`)
  ' "$np" "$out/ranks-$np/run.json" "$out/busy-$np"
done

[[ $engines = *webgpu ]] || exit "$failed"
echo
echo "| CartPole-v1 on the GPU, environments | steps per second | us per rollout of 32 steps | device |"
echo "| --- | --- | --- | --- |"
np=1
for envs in 1024 16384; do
  train "envs-$envs" --engine webgpu --num-envs "$envs" --num-steps 32 --batch-size $((8 * envs)) --update-epochs 2 \
    --total-steps $((32 * 20 * envs)) || continue
  node -e '
    const { readFileSync } = require("node:fs")
    const [envs, folder] = process.argv.slice(1)
    const { sps, device } = JSON.parse(readFileSync(`${folder}/run.json`, "utf8"))
    const updates = readFileSync(`${folder}/metrics.jsonl`, "utf8").trim().split("\n").map(line => JSON.parse(line))
    const times = updates.map(update => 1e6 * update["time/act"]).sort((a, b) => a - b)
    console.log(`| ${envs} | ${sps.toFixed(0)} | ${times[times.length >> 1].toFixed(0)} | ${device} |`)
  ' "$envs" "$out/envs-$envs"
done
exit "$failed"
