# Builds for 64-bit ARM with Debian's cross-compiler (g++-aarch64-linux-gnu); the tests run under qemu-user. The search
# for packages is not restricted: headers that are the same on every machine are the host's, and Debian keeps libraries
# in folders named for their architecture, so that the host's are not found.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
