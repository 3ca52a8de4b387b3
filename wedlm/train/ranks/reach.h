// How a process of a run finds the first one's machine, and the address by which it is reached itself.
#pragma once

#include <chrono>
#include <string>

#include "wedlm/base/watcher.h"
#include "wedlm/train/ranks/world.h"

namespace wedlm::train {

/// How long processes wait for each other to come: they read their data first.
inline constexpr std::chrono::hours kPatience{1};

/// Throws ResourceError with the reason where the first process could not listen at the world's port.
void check_port(const World& world);

/// Waits until somebody listens at the world's address and port. Returns the address, in numbers, that this machine has
/// towards it: whoever reaches that one reaches this. Throws ResourceError for a name that nobody knows, or where
/// nobody listens in all that time, Interrupted.
std::string reach_first(const World& world, const Watcher& watcher);

}  // namespace wedlm::train
