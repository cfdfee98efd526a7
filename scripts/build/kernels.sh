#!/usr/bin/env bash
# Builds src/engine/kernels/built from kernels.c with one pinned toolchain (zig's clang, from PyPI), the same
# bytes on every machine. Only who changes kernels.c needs it.
#   scripts/build/kernels.sh           rebuild
#   scripts/build/kernels.sh --check   rebuild elsewhere and compare with what is committed
set -euo pipefail
cd "$(dirname "$0")/../.."

toolchain=.cache/zig
if [ ! -x "$toolchain/bin/python" ]; then
  python3 -m venv "$toolchain"
  "$toolchain/bin/pip" install --quiet --disable-pip-version-check ziglang==0.13.0
fi

built=src/engine/kernels/built
out=$built
[ "${1:-}" = --check ] && out=$(mktemp -d)
mkdir -p "$out"

compile() { # NAME TARGET FLAGS...
  local name=$1 target=$2
  shift 2
  "$toolchain/bin/python" -m ziglang cc -O3 -s -ffp-contract=off -fno-math-errno -nostdlib -Wall -Wextra -Werror \
    -target "$target" "$@" -o "$out/$name" src/engine/kernels/kernels.c
}
compile kernels.wasm wasm32-freestanding -msimd128 -DW=4 \
  -Wl,--no-entry -Wl,--export-dynamic -Wl,--import-memory -Wl,--export=__heap_base -Wl,-z,stack-size=65536
compile kernels-linux-x64.so x86_64-linux-gnu.2.17 -mcpu=x86_64_v3 -DW=8 -shared -fPIC
compile kernels-linux-arm64.so aarch64-linux-gnu.2.17 -DW=4 -shared -fPIC
compile kernels-darwin-arm64.dylib aarch64-macos -DW=4 -shared -fPIC -Wl,-install_name,@rpath/kernels-darwin-arm64.dylib

if [ "$out" != "$built" ]; then
  diff -r "$out" "$built" && echo "kernels: $(ls "$built" | wc -l) files are what kernels.c builds to"
  rm -r "$out"
fi
