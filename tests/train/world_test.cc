#include "wedlm/train/ranks/world.h"

#include <gmock/gmock.h>

#include <map>

#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

World world_with(const Variables& variables) {
  return world_of([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string complaint_about(const Variables& variables) {
  try {
    world_with(variables);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "none";
}

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "4"},
                             {"LOCAL_RANK", "1"},
                             {"MASTER_ADDR", "node0"},
                             {"MASTER_PORT", "29400"},
                             {"LOCAL_WORLD_SIZE", "2"}};

Variables torchrun_with(const std::string& name, const std::string& value) {
  Variables variables = kTorchrun;
  variables[name] = value;
  return variables;
}

TEST(WorldTest, AProcessThatNobodyStartedAsOneOfSeveralIsAlone) {
  EXPECT_EQ(world_with({}).size, 1);
  EXPECT_EQ(world_with({{"MASTER_PORT", "x"}, {"LOCAL_RANK", "1"}}).size, 1);
  EXPECT_EQ(world_with({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1) << "and needs no address";
}

TEST(WorldTest, ReadsWhatTorchrunSays) {
  const World world = world_with(kTorchrun);
  EXPECT_EQ(world.rank, 3);
  EXPECT_EQ(world.size, 4);
  EXPECT_EQ(world.local_size, 2);
  EXPECT_EQ(world.address, "node0");
  EXPECT_EQ(world.port, 29400);
  EXPECT_FALSE(world.is_first());
  EXPECT_EQ(world_with(torchrun_with("TORCHELASTIC_USE_AGENT_STORE", "True")).port, 29401) << "torchrun has the first";
  EXPECT_EQ(world_with(torchrun_with("TORCHELASTIC_USE_AGENT_STORE", "False")).port, 29400);
  EXPECT_NE(world_with(torchrun_with("TORCHELASTIC_RESTART_COUNT", "1")).run, world.run);
}

TEST(WorldTest, ReadsWhatMpirunSays) {
  const Variables open_mpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                              {"OMPI_COMM_WORLD_SIZE", "2"},
                              {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                              {"PMIX_NAMESPACE", "17"}};
  const World world = world_with(open_mpi);
  EXPECT_EQ(world.rank, 1);
  EXPECT_EQ(world.size, 2);
  EXPECT_EQ(world.address, "127.0.0.1") << "all of them are here";
  EXPECT_EQ(world.port, 29500);
  EXPECT_THAT(world.run, HasSubstr("17"));

  Variables apart = {{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "1"}};
  EXPECT_THAT(complaint_about(apart), AllOf(HasSubstr("MASTER_ADDR"), HasSubstr("PMI_SIZE=2")));
  apart["MASTER_ADDR"] = "10.0.0.1";
  EXPECT_THAT(complaint_about(apart), HasSubstr("MASTER_PORT"));
  apart["MASTER_PORT"] = "4000";
  EXPECT_EQ(world_with(apart).port, 4000);
}

TEST(WorldTest, TorchrunUnderMpirunCounts) {
  EXPECT_EQ(world_with([] {
              Variables both = kTorchrun;
              both["OMPI_COMM_WORLD_RANK"] = "0";
              both["OMPI_COMM_WORLD_SIZE"] = "2";
              return both;
            }())
                .size,
            4);
}

TEST(WorldTest, NamesTheVariableThatIsWrong) {
  EXPECT_THAT(complaint_about(torchrun_with("RANK", "7")), AllOf(HasSubstr("RANK: "), HasSubstr("0 to 3, got \"7\"")));
  EXPECT_THAT(complaint_about(torchrun_with("RANK", "-1")), HasSubstr("got \"-1\""));
  EXPECT_THAT(complaint_about(torchrun_with("RANK", "one")), HasSubstr("got \"one\""));
  EXPECT_THAT(complaint_about(torchrun_with("WORLD_SIZE", "0")), HasSubstr("WORLD_SIZE: "));
  EXPECT_THAT(complaint_about(torchrun_with("LOCAL_WORLD_SIZE", "5")), HasSubstr("LOCAL_WORLD_SIZE: "));
  EXPECT_THAT(complaint_about(torchrun_with("MASTER_PORT", "")), HasSubstr("no MASTER_PORT"));
  EXPECT_THAT(complaint_about(torchrun_with("MASTER_PORT", "65536")), HasSubstr("MASTER_PORT: "));
  EXPECT_THAT(complaint_about(torchrun_with("MASTER_ADDR", "")), HasSubstr("no MASTER_ADDR"));
  EXPECT_THAT(complaint_about({{"RANK", "1"}}), HasSubstr("no WORLD_SIZE, but RANK=1"));
  EXPECT_THAT(complaint_about({{"WORLD_SIZE", "2"}}), HasSubstr("no RANK, but WORLD_SIZE=2"));
  Variables last_port = torchrun_with("MASTER_PORT", "65535");
  EXPECT_EQ(world_with(last_port).port, 65535);
  last_port["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_THAT(complaint_about(last_port), HasSubstr("MASTER_PORT: "));
}

}  // namespace
}  // namespace wedlm::train
