#!/usr/bin/env bash
# Installs what a build needs, builds wedlm, and lets the shipped model answer three prompts: by streaming parallel decoding
# and, for comparison, one token at a time. A second run installs and builds only what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

echo "1. Debian packages"
scripts/install_packages.sh "${build_packages[@]}"

echo "2. Building build/release/wedlm (a few minutes the first time)"
scripts/build.sh release wedlm

echo "3. Three prompts for models/nano, a 4-million-parameter WeDLM checkpoint"
for prompt in "Count from 1 to 30." "What is 47 + 38?" "Solve: 3x + 7 = 25"; do
  for mode in streaming autoregressive; do
    printf '\n--- %s  (%s)\n' "$prompt" "$mode"
    build/release/wedlm generate --prompt "$prompt" --mode "$mode" --max-tokens 112
  done
done

cat <<'TEXT'

Both modes ran over the same cached engine. Tokens per forward is what streaming gains; where its answers differ, it filled
a position too early: docs/how-it-works.md explains the two thresholds that decide.
Next: build/release/wedlm chat, build/release/wedlm benchmark, build/release/wedlm --help
TEXT
