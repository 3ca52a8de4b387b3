#include "wedlm/base/control_group.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/data.h"
#include "wedlm/base/host_memory.h"

namespace wedlm {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// A root folder with proc/self/cgroup and the files of groups.
class MadeRoot {
 public:
  explicit MadeRoot(const std::string& groups) { file("proc/self/cgroup", groups); }

  MadeRoot& file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return *this;
  }
  MadeRoot& group(const std::string& name, const std::string& text) { return file("sys/fs/cgroup/" + name, text); }

  ControlGroupLimits limits() const { return control_group_limits(folder_.path()); }
  MemorySize memory() const { return host_memory(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

TEST(ControlGroupTest, NoneIsNoLimit) {
  for (const char* groups : {"", "0::/\n", "nonsense\n", "0::/some/group\n", "1:cpu:/\n2:memory\n"}) {
    const ControlGroupLimits limits = MadeRoot(groups).limits();
    EXPECT_EQ(limits.memory, 0U) << groups;
    EXPECT_EQ(limits.memory_available, 0U) << groups;
    EXPECT_EQ(limits.num_processors, 0) << groups;
  }
}

TEST(ControlGroupTest, TheSecondVersionAndItsParents) {
  MadeRoot root("0::/machine/one\n");
  root.group("machine/one/memory.max", "max\n").group("machine/one/cpu.max", "max 100000\n");
  root.group("machine/memory.max", std::to_string(512 * kMiB) + "\n");
  root.group("machine/memory.current", std::to_string(300 * kMiB) + "\n");
  root.group("machine/memory.stat", "anon 100\nactive_file " + std::to_string(20 * kMiB) + "\ninactive_file " +
                                        std::to_string(80 * kMiB) + "\n");
  root.group("machine/cpu.max", "250000 100000\n");
  EXPECT_EQ(root.limits().memory, 512 * kMiB);
  EXPECT_EQ(root.limits().memory_available, 312 * kMiB) << "pages of files can be given back";
  EXPECT_EQ(root.limits().num_processors, 3);

  root.group("machine/one/memory.max", std::to_string(64 * kMiB)).group("machine/one/cpu.max", "50000 100000\n");
  EXPECT_EQ(root.limits().memory, 64 * kMiB);
  EXPECT_EQ(root.limits().memory_available, 64 * kMiB) << "what it uses is not known";
  EXPECT_EQ(root.limits().num_processors, 1);
  root.group("memory.max", std::to_string(32 * kMiB)).group("memory.current", std::to_string(40 * kMiB));
  EXPECT_EQ(root.limits().memory, 32 * kMiB);
  EXPECT_EQ(root.limits().memory_available, 1U) << "0 would mean that it is not known";
}

TEST(ControlGroupTest, TheFirstVersion) {
  MadeRoot root("12:memory:/docker/c0ffee\n4:cpu,cpuacct:/docker/c0ffee\n1:name=systemd:/docker/c0ffee\n0::/\n");
  // In a container the group's own files are mounted where the host has those of the root.
  root.group("memory/memory.limit_in_bytes", std::to_string(256 * kMiB));
  root.group("memory/memory.usage_in_bytes", std::to_string(100 * kMiB));
  root.group("memory/memory.stat", "inactive_file 0\ntotal_inactive_file " + std::to_string(50 * kMiB) +
                                       "\ntotal_active_file " + std::to_string(10 * kMiB) + "\n");
  root.group("cpu,cpuacct/cpu.cfs_quota_us", "400000").group("cpu,cpuacct/cpu.cfs_period_us", "100000");
  EXPECT_EQ(root.limits().memory, 256 * kMiB);
  EXPECT_EQ(root.limits().memory_available, 216 * kMiB);
  EXPECT_EQ(root.limits().num_processors, 4);
  root.group("cpu,cpuacct/docker/c0ffee/cpu.cfs_quota_us", "-1");
  root.group("cpu,cpuacct/docker/c0ffee/cpu.cfs_period_us", "100000");
  EXPECT_EQ(root.limits().num_processors, 4);
}

TEST(ControlGroupTest, MemoryIsTheLessOfMachineAndGroup) {
  const std::size_t machine = host_memory().total;
  MadeRoot root("0::/\n");
  root.file("proc/meminfo", "MemTotal: 99999999 kB\nMemAvailable: 1048576 kB\n");
  EXPECT_EQ(root.memory().available, 1024 * kMiB);
  root.group("memory.max", "9223372036854771712");
  EXPECT_LE(root.memory().total, std::size_t{1} << 46) << "no limit, as version 1 says it";
  EXPECT_EQ(root.memory().available, 1024 * kMiB);
  root.group("memory.max", std::to_string(128 * kMiB)).group("memory.current", std::to_string(8 * kMiB));
  EXPECT_EQ(root.memory().total, std::min(128 * kMiB, machine));
  EXPECT_EQ(root.memory().available, 120 * kMiB);
}

}  // namespace
}  // namespace wedlm
