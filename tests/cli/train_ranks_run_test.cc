// `wedlm train` by several processes, started as torchrun and mpirun start them.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>

#include "tests/cli/training_runs.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using Arguments = std::vector<std::string>;

std::string free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return std::to_string(ntohs(address.sin_port));
}

class TrainRanksRunTest : public TrainRunTest {
 protected:
  /// Processes under way, the first of them being rank 0.
  class World {
   public:
    World(const std::vector<Arguments>& arguments, const std::string& port) {
      const std::string size = std::to_string(arguments.size());
      for (std::size_t rank = 0; rank < arguments.size(); ++rank) {
        ranks_.push_back(std::make_unique<Running>(arguments[rank], std::string(),
                                                   Arguments{"RANK=" + std::to_string(rank), "WORLD_SIZE=" + size,
                                                             "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port}));
      }
    }

    Running& operator[](std::size_t rank) { return *ranks_.at(rank); }
    std::vector<Finished> wait() {
      std::vector<Finished> all;
      for (const auto& rank : ranks_) all.push_back(rank->wait());
      return all;
    }

   private:
    std::vector<std::unique_ptr<Running>> ranks_;
  };

  World start(std::size_t size, const fs::path& out, const Arguments& further = {}) const {
    return {std::vector<Arguments>(size, exact(out, further)), free_port()};
  }
  std::vector<Finished> train_as(std::size_t size, const fs::path& out, const Arguments& further = {}) const {
    return start(size, out, further).wait();
  }
  /// In float32, where sums in another order come to the same but for rounding; steps of four packs.
  Arguments exact(const fs::path& out, Arguments further = {}) const {
    const Arguments common = {"--precision", "float32", "--accumulate", "4", "--epochs", "1"};
    further.insert(further.begin(), common.begin(), common.end());
    return arguments(out, further);
  }

  static void expect_the_losses_of(const fs::path& wanted, const fs::path& out) {
    for (const char* name : {"loss", "masked_loss", "next_token_loss", "eval_loss", "tokens", "rows"}) {
      const auto own = series_of(out, name), other = series_of(wanted, name);
      ASSERT_EQ(own.size(), other.size()) << name;
      for (const auto& [step, value] : other) EXPECT_NEAR(own.at(step), value, 1e-5) << name << " of step " << step;
    }
  }

  /// Lines that tell of an error, of all processes.
  static Arguments errors_of(const std::vector<Finished>& all) {
    Arguments errors;
    for (const Finished& one : all) {
      std::istringstream text(one.err);
      for (std::string line; std::getline(text, line);) {
        if (line.starts_with("wedlm:") || line.find("c10d") != std::string::npos) errors.push_back(line);
      }
    }
    return errors;
  }

  void expect_refusal(const Arguments& first, const Arguments& second, const std::string& message) const {
    const auto all = World({first, second}, free_port()).wait();
    // One of them says it.
    EXPECT_THAT((std::vector{all[0].exit_code, all[1].exit_code}), testing::UnorderedElementsAre(2, 3));
    EXPECT_THAT(errors_of(all), testing::ElementsAre(HasSubstr(message)));
  }
};

TEST_F(TrainRanksRunTest, HaveTheLossesOfOneAndOnlyTheFirstWrites) {
  const fs::path alone = temporary_.path() / "alone", second = temporary_.path() / "second";
  const Arguments held_out = {"--eval-share", "0.2", "--epochs", "2"};
  ASSERT_EQ(run_wedlm(exact(alone, held_out)).exit_code, 0);
  const auto all = World({exact(out_, held_out), exact(second, held_out)}, free_port()).wait();
  EXPECT_EQ(all[0].exit_code, 0) << all[0].err;
  EXPECT_EQ(all[1].exit_code, 0) << all[1].err;
  EXPECT_EQ(all[0].out, (out_ / "final").string() + "\n");
  EXPECT_EQ(all[1].out + all[1].err, "");
  EXPECT_FALSE(fs::exists(second));
  expect_the_losses_of(alone, out_);
  EXPECT_GE(series_of(out_, "loss").size(), 3U);
  EXPECT_EQ(folders_in(out_).size(), folders_in(alone).size());
  EXPECT_EQ(run_wedlm({"verify", (out_ / "final").string()}).exit_code, 0);
}

TEST_F(TrainRanksRunTest, AProcessAloneOpensNoSocket) {
  Running running(exact(out_, {"--epochs", "500"}), {});
  ASSERT_TRUE(running.wait_for_contents(out_ / "metrics.jsonl"));
  for (const auto& file : fs::directory_iterator("/proc/" + std::to_string(running.pid()) + "/fd")) {
    std::error_code ignored;
    EXPECT_THAT(fs::read_symlink(file, ignored).string(), testing::Not(HasSubstr("socket:")));
  }
}

TEST_F(TrainRanksRunTest, ALostProcessEndsAllWithOneLineAndTheRunGoesOnWithAnyNumber) {
  const fs::path alone = temporary_.path() / "alone";
  const Arguments longer = {"--save-every", "1", "--epochs", "2"};
  ASSERT_EQ(run_wedlm(exact(alone, longer)).exit_code, 0);
  for (const std::size_t lost : {0U, 2U}) {
    const fs::path out = temporary_.path() / ("lost-" + std::to_string(lost));
    World world = start(3, out, longer);
    ASSERT_TRUE(world[0].wait_for_contents(out / "checkpoint-1" / "config.json"));
    ASSERT_EQ(::kill(world[lost].pid(), SIGKILL), 0);
    const auto start = std::chrono::steady_clock::now();
    auto all = world.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    EXPECT_EQ(all[lost].exit_code, 128 + SIGKILL);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(lost));
    for (const Finished& one : all) EXPECT_EQ(one.exit_code, 3);
    // Without the first, who could tell them apart, each says so.
    EXPECT_EQ(errors_of(all).size(), lost == 0 ? 2U : 1U);
    EXPECT_THAT(errors_of(all),
                testing::Each(HasSubstr("lost rank " + std::to_string(lost) + " of the run's 3 processes")));
    Arguments again = longer;
    again.emplace_back("--resume");
    const auto rest = lost == 0 ? train_as(2, out, again) : std::vector{run_wedlm(exact(out, again))};
    EXPECT_EQ(rest[0].exit_code, 0) << rest[0].err;
    expect_the_losses_of(alone, out);
  }
}

TEST_F(TrainRanksRunTest, ASignalToOneSavesAndEndsAll) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const fs::path out = temporary_.path() / std::to_string(signal);
    World world = start(2, out, {"--epochs", "500"});
    ASSERT_TRUE(world[0].wait_for_contents(out / "metrics.jsonl"));
    ASSERT_EQ(::kill(world[1].pid(), signal), 0);
    const auto all = world.wait();
    for (const Finished& one : all) EXPECT_EQ(one.exit_code, 130);
    EXPECT_THAT(all[0].err, HasSubstr("--resume goes on"));
    EXPECT_THAT(all[1].err, IsEmpty());
    const auto steps = series_of(out, "loss").size();
    EXPECT_TRUE(fs::exists(out / ("checkpoint-" + std::to_string(steps)) / "training_state.safetensors"));
  }
}

/// torchrun hands on a Ctrl-C that the terminal has sent to all.
TEST_F(TrainRanksRunTest, ASecondSignalFromTheLauncherCutsNothingShort) {
  World world = start(2, out_, {"--epochs", "500"});
  ASSERT_TRUE(world[0].wait_for_contents(out_ / "metrics.jsonl"));
  for (int i = 0; i < 2; ++i) {
    for (const std::size_t rank : {0U, 1U}) ASSERT_EQ(::kill(world[rank].pid(), SIGINT), 0);
    ::usleep(1000);
  }
  EXPECT_THAT(world.wait()[0].err, HasSubstr("--resume goes on"));
}

TEST_F(TrainRanksRunTest, RefusesUnequalProcessesAndAFolderInUse) {
  const fs::path other_data = temporary_.path() / "other.jsonl";
  std::string text = read_text(data_);
  text.replace(text.find("It is 7"), 7, "It is 8");
  std::ofstream(other_data) << text;
  Arguments with_other_data = exact(out_);
  *std::ranges::find(with_other_data, data_.string()) = other_data.string();
  expect_refusal(exact(out_, {"--seed", "1"}), exact(out_, {"--seed", "2"}), "rank 1 has seed 2, and rank 0 1");
  expect_refusal(exact(out_), with_other_data, "rank 1 has data checksum ");
  expect_refusal(exact(out_), exact(out_, {"--save-every", "7"}), "rank 1 has save_every 7, and rank 0 500");
  EXPECT_FALSE(fs::exists(out_));
  const fs::path other_model = temporary_.path() / "model";
  ASSERT_EQ(run_wedlm(exact(other_model, {"--max-steps", "1"})).exit_code, 0);
  expect_refusal(exact(out_), exact(out_, {"-m", (other_model / "final").string()}), "rank 1 has model checksum ");

  World world = start(2, out_, {"--epochs", "500"});
  ASSERT_TRUE(world[0].wait_for_contents(out_ / "metrics.jsonl"));
  expect_refusal(exact(out_, {"--resume"}), exact(out_, {"--resume"}), "another run is training into this folder");
}

TEST_F(TrainRanksRunTest, QuestionsAreAskedByOneProcessAlone) {
  const Arguments own = {"--self-generate", (temporary_.path() / "own").string(), "--self-generate-tokens", "4"};
  for (const Finished& run : train_as(2, out_, own)) {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("some are missing; let the same command run alone first"));
  }
}

TEST_F(TrainRanksRunTest, NamesWhatIsWrongInTheEnvironment) {
  const auto refused = [&](const Arguments& environment, const std::string& message, int exit_code = 2) {
    const Finished run = run_wedlm(exact(out_), {}, environment);
    EXPECT_EQ(run.exit_code, exit_code);
    EXPECT_THAT(errors_of({run}), testing::ElementsAre(HasSubstr(message)));
  };
  refused({"RANK=7", "WORLD_SIZE=2", "MASTER_ADDR=localhost", "MASTER_PORT=1"}, "RANK: expected a whole number from 0");
  refused({"RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=localhost"}, "has no MASTER_PORT");
  refused({"RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=no.such.machine.invalid", "MASTER_PORT=1"},
          "MASTER_ADDR: there is no machine no.such.machine.invalid", 3);
}

TEST_F(TrainRanksRunTest, TwoNetworksHaveTheLossesOfOneProcess) {
  const fs::path alone = temporary_.path() / "alone", outputs = temporary_.path() / "outputs";
  ASSERT_EQ(run_wedlm(exact(alone)).exit_code, 0);
  std::string command =
      (source_dir() / "tests/cli/two_networks.sh").string() + " " + outputs.string() + " " WEDLM_BINARY;
  for (const std::string& argument : exact(out_)) command += " " + argument;
  const int code = WEXITSTATUS(std::system(command.c_str()));
  if (code == 77) GTEST_SKIP() << "this user may not make network namespaces";
  ASSERT_EQ(code, 0) << read_text(outputs.string() + ".0") << read_text(outputs.string() + ".1");
  expect_the_losses_of(alone, out_);
}

TEST_F(TrainRanksRunTest, MpirunStartsThem) {
  if (std::system("command -v mpirun > /dev/null") != 0) GTEST_SKIP() << "there is no mpirun (Debian: openmpi-bin)";
  const fs::path alone = temporary_.path() / "alone", log = temporary_.path() / "log";
  ASSERT_EQ(run_wedlm(exact(alone)).exit_code, 0);
  std::string command =
      "MASTER_PORT=" + free_port() +
      " OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 2 " WEDLM_BINARY;
  for (const std::string& argument : exact(out_)) command += " " + argument;
  ASSERT_EQ(std::system((command + " > " + log.string() + " 2>&1").c_str()), 0) << read_text(log);
  EXPECT_THAT(read_text(log), HasSubstr("final"));
  expect_the_losses_of(alone, out_);
}

}  // namespace
}  // namespace wedlm
