#!/usr/bin/env bash
# Takes the figures again, each with its command, commit, machine and date: evidence.sh [WORD...] writes figures/WORD.md, and
# what of it ../scaling/README.md quotes.
# Some twelve minutes for all on two idle cores; the words, with minutes: ppo 3, step 0.5, puffer 1.5, np2 1.5, allreduce 1, scaling 1,
# ray 2, rig 1.5, curves 1.5; and, not among all: env 2, threshold 4, engines 10, ways 6, model 5, async 0.5.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent build
run="node --enable-source-maps dist/scripts/scaling"
command_of() {
  case $1 in
    ppo | step | puffer | np2 | allreduce | env) echo "scripts/benchmark/peers.sh $1 2" ;;
    threshold) echo "scripts/benchmark/peers.sh threshold 1" ;;
    engines) echo "scripts/benchmark/engines.sh 2" ;;
    ray) echo "$run/ray.js 3" ;;
    rig) echo "$run/rig.js 2" ;;
    curves) echo "$run/curves.js" ;;
    ways) echo "scripts/scaling/parallelism.sh" ;;
    model) echo "scripts/scaling/model.sh" ;;
    async) echo "scripts/scaling/async.sh" ;;
    scaling) echo "node launcher/pporun.mjs scaling train --np 1,2 --repeats 3 --predict -- --num-envs 64 --batch-size 2048 --total-steps 200000" ;;
    *) echo "evidence.sh knows no $1" >&2; exit 2 ;;
  esac
}
mkdir -p scripts/benchmark/figures
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
for word in ${*:-ppo step puffer np2 allreduce scaling ray rig curves}; do
  command=$(command_of "$word")
  page=scripts/benchmark/figures/$word.md
  begin="$(date -u '+%Y-%m-%d %H:%M') UTC, load $(cut -d' ' -f1 /proc/loadavg)"
  echo "$word: $command" >&2
  printf '%s\n' "# $word" '' "\`$command\`" '' \
    "Commit $(git rev-parse --short HEAD); $(nproc) cores of ${processor:-$(uname -m)}; Node $(node --version); $begin." '' > "$page"
  { [ "$word" = scaling ] && echo '```'; $command; [ "$word" = scaling ] && echo '```'; true; } >> "$page"
  node scripts/benchmark/quote.mjs "$word" scripts/scaling/README.md
done
