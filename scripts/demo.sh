#!/usr/bin/env bash
# Installs what a build needs, builds wedlm, lets the shipped model answer three prompts, by streaming parallel decoding and,
# for comparison, one token at a time, and ends with a table of what each mode gains. A second run installs and builds only
# what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

echo "1. Debian packages"
scripts/install_packages.sh "${build_packages[@]}"

echo "2. Building build/release/wedlm (a few minutes the first time)"
scripts/build.sh release wedlm

echo "3. Three prompts for models/nano, a 4-million-parameter WeDLM checkpoint"
for prompt in "Count from 1 to 20." "What is 47 + 38?" "Solve: 3x + 7 = 25"; do
  for mode in streaming autoregressive; do
    printf '\n--- %s  (%s)\n' "$prompt" "$mode"
    build/release/wedlm generate --prompt "$prompt" --mode "$mode" --max-tokens 112
  done
done

echo
echo "4. What the modes gain: these prompts by each, on the model itself and computed inside a larger one, whose time they then take"
table() {
  printf '\n--- %s\n' "$1"
  shift
  build/release/wedlm sweep scripts/demo.jsonl -t 0 -n 112 -s streaming -s "exact window-size=16" --quiet "$@"
}
table "models/nano, 4 million parameters"
table "the same function at the cost of Qwen3-0.6B, bfloat16" --inflate qwen3-0.6b
table "the same, int8" --inflate qwen3-0.6b --weights int8

cat <<'TEXT'

All modes ran over the same cached engine. Tokens per forward is what a mode gains; what that is worth depends on what rows cost:
a small model's are dear beside its few weights, a large one's nearly free while its weights come from memory. exact has the texts
of autoregressive decoding; where streaming's differ, it filled a position too early: docs/how-it-works.md explains the thresholds.
Next: build/release/wedlm chat, build/release/wedlm benchmark, build/release/wedlm --help
TEXT
