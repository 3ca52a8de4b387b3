#!/usr/bin/env bash
# Installs what tests need, builds everything (warnings are errors), and runs all tests. A second run installs and builds only
# what has changed. Arguments go to ctest: scripts/test.sh -L unit
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

packages=("${build_packages[@]}" "${test_packages[@]}")
if [ "${1:-}" = --quick ]; then
  shift
else
  packages+=("${page_packages[@]}" "${browser_packages[@]}" "${deploy_packages[@]}" "${train_packages[@]}" "${ranks_packages[@]}"
             "${python_packages[@]}")
fi

echo "1. Debian packages"
scripts/install_packages.sh "${packages[@]}"

echo "2. Building build/release, tests included (a few minutes the first time)"
WEDLM_CMAKE_ARGS=-DWEDLM_WARNINGS_AS_ERRORS=ON scripts/build.sh release

echo "3. Tests"
ctest --test-dir build/release --output-on-failure --parallel "$(nproc)" "$@"
