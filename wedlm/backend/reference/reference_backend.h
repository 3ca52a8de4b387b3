// The definition of correct: every op as its equation reads, in plain loops on one thread. Sums are taken in double,
// one term after the other, so that the result is nearer to the exact one than anything that is compared with it.
#pragma once

#include <memory>

#include "wedlm/backend/backend.h"

namespace wedlm {

std::unique_ptr<Backend> make_reference_backend();

}  // namespace wedlm
