#!/usr/bin/env bash
# Every engine beside PyTorch, in turns on one core: engines.sh [ROUNDS] [NETWORKS] [ROWS] [ENGINES]. Prints Markdown; some
# five minutes a round, of which each network takes its part when named alone.
# Makes PyTorch's virtual environment in .cache/peers, as peers.sh does. DEVICE=cuda measures PyTorch on the GPU, in an
# environment of its own, with PyPI's CUDA; where it does not run, the table goes without it.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} networks=${2:-mlp64,mlp256,small,nature} rows=${3:-64,256,1024} engines=${4:-} device=${DEVICE:-cpu}
made=.cache/peers/torch needed=scripts/benchmark/peers/torch.txt core="taskset -c ${CORE:-0}"
[ -d dist/scripts ] || npm run --silent build
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
if [ "$device" = cuda ]; then
  core= made=.cache/peers/torch-cuda
  grep '^torch==' "$needed" >"$out/torch.txt"
  needed=$out/torch.txt
fi

install_torch() {
  [ -x "$made/bin/torchrun" ] && return
  python3 -m venv "$made" && "$made/bin/pip" install --quiet --disable-pip-version-check -r "$needed"
}
torch_step() {
  $core "$made/bin/python" scripts/benchmark/peers/torch_step.py "$networks" "$rows" "$device"
}

# On a core WebGPU is Chromium's software, where that is installed.
software=/usr/lib/chromium/vk_swiftshader_icd.json
if [ "$device" = cpu ] && [ -f "$software" ]; then export VK_ICD_FILENAMES=${VK_ICD_FILENAMES:-$software}; fi
has_torch=1
install_torch >"$out/said" 2>&1 || has_torch=0
export TF_NUM_INTRAOP_THREADS=1
for round in $(seq "$rounds"); do
  $core node launcher/pporun.mjs bench engine --json ${engines:+--engines "$engines"} --networks "$networks" \
    --rows "$rows" >"$out/pporun-$round.json"
  [ "$has_torch" = 1 ] || continue
  torch_step >"$out/torch.json" 2>"$out/said" && mv "$out/torch.json" "$out/torch-$round.json" || has_torch=0
done
rm -f "$out/torch.json"
node --enable-source-maps dist/scripts/benchmark/engines.js "$out"/*.json
if [ "$has_torch" = 0 ]; then
  printf '\nPyTorch did not run: %s\n' "$(tail -1 "$out/said")"
  [ "$device" = cuda ]
fi
