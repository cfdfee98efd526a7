#!/usr/bin/env bash
# What `npm run test:web` looks at our pages and files with: Debian's Chromium and tmux, and TensorBoard from PyPI in .cache.
# Where one is not root on Debian they have to be there: tests of what is missing are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

needed=()
command -v chromium >/dev/null || needed+=(chromium fonts-dejavu-core)
command -v tmux >/dev/null || needed+=(tmux)
python3 -c 'import ensurepip' 2>/dev/null || needed+=(python3-venv)
if [ ${#needed[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}"
fi

if [ ! -x .cache/tensorboard/bin/tensorboard ]; then
  python3 -m venv .cache/tensorboard
  .cache/tensorboard/bin/pip install --quiet --disable-pip-version-check tensorboard==2.21.0
fi
