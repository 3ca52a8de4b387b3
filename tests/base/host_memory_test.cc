#include "wedlm/base/host_memory.h"

#include <gtest/gtest.h>

namespace wedlm {
namespace {

TEST(HostMemoryTest, SomeIsLeftOfAll) {
  const MemorySize memory = host_memory();
  EXPECT_GT(memory.available, std::size_t{1} << 20);
  EXPECT_LE(memory.available, memory.total);
}

}  // namespace
}  // namespace wedlm
