#!/usr/bin/env bash
# Builds the C sources of src into the folder `built` beside each, with one pinned toolchain (zig's clang, from PyPI),
# the same bytes on every machine. Only who changes them needs it.
#   scripts/build/kernels.sh           rebuild
#   scripts/build/kernels.sh --check   rebuild elsewhere and compare with what is committed
set -euo pipefail
cd "$(dirname "$0")/../.."

toolchain=.cache/zig
if [ ! -x "$toolchain/bin/python" ]; then
  python3 -m venv "$toolchain"
  "$toolchain/bin/pip" install --quiet --disable-pip-version-check ziglang==0.13.0
fi

out=
[ "${1:-}" = --check ] && out=$(mktemp -d)

compile() { # SOURCE NAME TARGET FLAGS...
  local source=$1 name=$2 target=$3
  local built=$out/$(dirname "$source")/built
  shift 3
  [ -n "$out" ] || built=$(dirname "$source")/built
  mkdir -p "$built"
  "$toolchain/bin/python" -m ziglang cc -O3 -s -ffp-contract=off -fno-math-errno -nostdlib -Wall -Wextra -Werror \
    -target "$target" "$@" -o "$built/$name" "$source"
}
native() { # SOURCE NAME
  compile "$1" "$2-linux-x64.so" x86_64-linux-gnu.2.17 -mcpu=x86_64_v3 -DW=8 -shared -fPIC
  compile "$1" "$2-linux-arm64.so" aarch64-linux-gnu.2.17 -DW=4 -shared -fPIC
  compile "$1" "$2-darwin-arm64.dylib" aarch64-macos -DW=4 -shared -fPIC -Wl,-install_name,@rpath/"$2-darwin-arm64.dylib"
}
wasm() { # SOURCE NAME
  compile "$1" "$2.wasm" wasm32-freestanding -msimd128 -DW=4 \
    -Wl,--no-entry -Wl,--export-dynamic -Wl,--import-memory -Wl,--export=__heap_base -Wl,-z,stack-size=65536
}
for source in src/engine/kernels/kernels.c src/env/kernels/cartpole.c; do
  native $source "$(basename $source .c)"
  wasm $source "$(basename $source .c)"
done
# Where there is none, streams.ts has the same orders.
native src/base/math/kernels/shuffle.c shuffle
# Memory is shared between ranks on Linux only, and never with WebAssembly.
sum=src/collective/kernels/sum.c
compile $sum sum-linux-x64.so x86_64-linux-gnu.2.17 -mcpu=x86_64_v3 -shared -fPIC
compile $sum sum-linux-arm64.so aarch64-linux-gnu.2.17 -shared -fPIC
# A layer of Vulkan's, which macOS has not.
layer=src/engine/webgpu/layer/only.c
compile $layer only-linux-x64.so x86_64-linux-gnu.2.17 -shared -fPIC
compile $layer only-linux-arm64.so aarch64-linux-gnu.2.17 -shared -fPIC

if [ -n "$out" ]; then
  for built in src/{engine,env,collective,base/math}/kernels/built src/engine/webgpu/layer/built; do diff -r "$out/$built" $built; done
  echo 'kernels: what is committed is what the sources build to'
  rm -r "$out"
fi
