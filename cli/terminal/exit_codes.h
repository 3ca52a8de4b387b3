// What the program says to the shell that ran it.
#pragma once

namespace wedlm::cli {

inline constexpr int kExitInvalidInput = 2;
inline constexpr int kExitResourceError = 3;
inline constexpr int kExitInternalError = 70;
inline constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as shells have it
inline constexpr int kExitClosedPipe = 141;   // 128 + SIGPIPE

}  // namespace wedlm::cli
