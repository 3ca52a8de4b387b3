// Runs of `wedlm train` over a few lines of data, and what they leave.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "tests/cli/run_wedlm.h"

namespace wedlm {

class TrainRunTest : public testing::Test {
 protected:
  TrainRunTest() {
    std::ofstream file(data_);
    for (int i = 1; i <= 40; ++i) {
      file << R"({"prompt": "Say )" << i << R"(.", "completion": "It is )" << i * 7 << R"(."})"
           << "\n";
    }
  }

  /// Small steps: a pack of a few samples each.
  std::vector<std::string> arguments(const std::filesystem::path& out, std::vector<std::string> further = {}) const {
    std::vector<std::string> all = {"train",
                                    "--data",
                                    data_.string(),
                                    "--out",
                                    out.string(),
                                    "--max-length",
                                    "128",
                                    "--accumulate",
                                    "2",
                                    "--epochs",
                                    "1",
                                    "--learning-rate",
                                    "0.001",
                                    "--threads",
                                    "1"};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  Finished train(const std::filesystem::path& out, const std::vector<std::string>& further = {}) const {
    return run_wedlm(arguments(out, further));
  }
  /// Everything that was measured but times, to the last digit: "4 loss 1.25".
  static std::vector<std::string> metrics_of(const std::filesystem::path& out) {
    std::vector<std::string> metrics;
    std::ifstream file(out / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const Json measured = parse_json(line, "metrics.jsonl");
      for (const JsonMember& member : measured.as_object()) {
        if (member.key == "step" || member.key.ends_with("seconds")) continue;
        metrics.push_back(write_json(measured.at("step")) + " " + member.key + " " + write_json(member.value));
      }
    }
    return metrics;
  }
  /// One number by step.
  static std::map<std::int64_t, double> series_of(const std::filesystem::path& out, const char* name) {
    std::map<std::int64_t, double> series;
    std::ifstream file(out / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const Json measured = parse_json(line, "metrics.jsonl");
      const Json* value = measured.find(name);
      if (value != nullptr) series[measured.at("step").as_integer()] = value->as_number();
    }
    return series;
  }
  /// The folders in a folder.
  static std::vector<std::string> folders_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    return names;
  }

  static std::string answer(const std::filesystem::path& model) {
    return run_wedlm(
               {"generate", "-q", "-m", model.string(), "-p", "Say 3.", "-t", "0", "--autoregressive", "-n", "12"})
        .out;
  }
  /// Kills a run between two steps, after more of them than its last checkpoint has, and goes on with it: steps and
  /// `result` have to be those of a run that is left alone. Returns its folder.
  std::filesystem::path expect_that_it_goes_on(const std::vector<std::string>& further, const char* result) const {
    std::filesystem::path cut = temporary_.path() / "cut";
    EXPECT_EQ(train(out_, further).exit_code, 0);
    const auto whole = metrics_of(out_);
    EXPECT_GE(series_of(out_, "loss").size(), 4U);
    std::vector<std::string> saving = further;
    saving.insert(saving.end(), {"--save-every", "2"});
    {
      Running running(arguments(cut, saving), {});
      while (series_of(cut, "loss").size() < 3) ::usleep(1000);
      EXPECT_EQ(::kill(running.pid(), SIGKILL), 0);
      running.wait();
    }
    saving.emplace_back("--resume");
    const Finished resumed = train(cut, saving);
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(metrics_of(cut), whole);
    EXPECT_EQ(read_text(cut / "final" / result), read_text(out_ / "final" / result));
    return cut;
  }

  TemporaryFolder temporary_;
  std::filesystem::path data_ = temporary_.path() / "data.jsonl";
  std::filesystem::path out_ = temporary_.path() / "out";
};

}  // namespace wedlm
