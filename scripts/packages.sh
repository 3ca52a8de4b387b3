# The Debian packages of each purpose, to be sourced. docs/decisions/libraries.md says why each is there.
# shellcheck disable=SC2034
build_packages=(cmake g++ ninja-build nlohmann-json3-dev libpcre2-dev libutf8proc-dev libcli11-dev libedit-dev pkg-config)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev)
check_packages=(clang clang-format clang-tidy libclang-rt-14-dev)
cross_packages=(g++-aarch64-linux-gnu qemu-user googletest)
