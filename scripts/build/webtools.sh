#!/usr/bin/env bash
# What `npm run test:web` looks at our pages and files with: Debian's Chromium, and TensorBoard from PyPI in .cache.
# Root on Debian; elsewhere have a `chromium` on the PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."

needed=()
command -v chromium >/dev/null || needed+=(chromium fonts-dejavu-core)
python3 -c 'import ensurepip' 2>/dev/null || needed+=(python3-venv)
if [ ${#needed[@]} -gt 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends "${needed[@]}"; fi

if [ ! -x .cache/tensorboard/bin/tensorboard ]; then
  python3 -m venv .cache/tensorboard
  .cache/tensorboard/bin/pip install --quiet --disable-pip-version-check tensorboard==2.21.0
fi
