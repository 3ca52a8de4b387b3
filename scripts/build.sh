#!/usr/bin/env bash
# scripts/build.sh PRESET [TARGET...]: configures once and builds; shows the compiler's output only when something fails.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
fail() {
  tail -n 60 "$log" >&2
  echo "wedlm: $1 failed; the lines above say why" >&2
  exit 1
}
cmake --preset "$preset" ${WEDLM_CMAKE_ARGS:-} >"$log" 2>&1 || fail "configuring"
grep -F 'wedlm:' "$log" | sed 's/^-- /   /' || true
targets=()
for target in "$@"; do targets+=(--target "$target"); done
cmake --build "build/$preset" "${targets[@]}" >"$log" 2>&1 || fail "building"
echo "   build/$preset is up to date"
