#!/usr/bin/env bash
# Makes a virtual environment in build/python_environment, builds the Python package into it and runs its example. A second
# run installs and builds only what has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

echo "1. Debian packages"
scripts/install_packages.sh "${build_packages[@]}" "${python_packages[@]}"

environment=build/python_environment
echo "2. The package, in $environment (a few minutes the first time)"
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check ./python

echo "3. python/examples/quick_start.py"
"$environment/bin/python" python/examples/quick_start.py
echo "Next: $environment/bin/python, $environment/bin/python -m wedlm chat; the guide is docs/python.md"
