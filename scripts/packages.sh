# The Debian packages of each purpose, to be sourced. docs/decisions/libraries.md says why each is there.
# shellcheck disable=SC2034
build_packages=(cmake g++ ninja-build nlohmann-json3-dev libpcre2-dev libutf8proc-dev libcli11-dev libedit-dev libboost-dev libssl-dev prometheus-cpp-dev pkg-config)
page_packages=(libjs-markdown-it node-dompurify libjs-highlight.js libjs-katex)  # without them the page shows plain text
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev python3 python3-venv curl)
browser_packages=(chromium chromium-driver python3-selenium)  # without them the page's tests are left out
deploy_packages=(nginx-light prometheus python3-yaml)  # without them the tests of deploy/ are skipped
train_packages=(libtorch-dev libopenblas0-pthread)  # without them `wedlm train` is left out
ranks_packages=(libgloo-dev openmpi-bin)  # without them it takes one process, and its test with mpirun is skipped
python_packages=(pybind11-dev python3-dev python3-numpy python3-venv)  # without them the Python module is left out
check_packages=(clang clang-format clang-tidy libclang-rt-14-dev)
cross_packages=(g++-aarch64-linux-gnu qemu-user googletest)
