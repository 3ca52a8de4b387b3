// `wedlm train` through the front door: what it writes answers, goes on where it was interrupted, and loses nothing.
#include <gmock/gmock.h>

#include "tests/cli/training_runs.h"
#include "wedlm/backend/cpu/isa/select.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST_F(TrainRunTest, ADryRunShowsASampleAndWhatARunWouldTake) {
  const Finished run = run_wedlm({"train", "--data", data_.string(), "--dry-run", "--epochs", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("40 samples with"));
  EXPECT_THAT(run.out, AllOf(HasSubstr("learned"), HasSubstr("block 0-"), HasSubstr("[M] for"), HasSubstr(" steps;")));
}

TEST_F(TrainRunTest, SaysWhatIsWrongInOneLine) {
  const auto refused = [](const std::vector<std::string>& words, const std::string& message) {
    const Finished run = run_wedlm(words);
    EXPECT_EQ(run.exit_code, 2) << message;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  refused({"train"}, "name training data: --data FILE.jsonl");
  refused({"train", "--data", data_.string()}, "name a folder for checkpoints and result: -o FOLDER");
  refused({"train", "--data", data_.string() + ":0"}, "a weight: expected a number above 0");
  refused({"train", "--data", data_.string(), "--max-length", "100000", "--dry-run"}, "--max-length: expected at most");
  refused({"train", "--data", data_.string(), "--dry-run", "--eval-share", "1"}, "--eval-share: expected a number");
  refused({"train", "--data", data_.string(), "--dry-run", "--eval-share", "0.1", "--eval-data", data_.string()},
          "give --eval-data or --eval-share, not both");
  refused({"train", "--data", data_.string(), "--dry-run", "--token-cache", data_.string()}, "is no token cache");
  refused({"train", "--data", data_.string(), "--dry-run", "--exercises", data_.string()},
          "line 1 of " + data_.string() + ": expected an exercise with its answer");
  refused({"train", "--data", data_.string(), "--mask-pattern", "prefix"}, "expected one of random, suffix, mixed");
  refused({"train", "--data", data_.string(), "--lora-rank", "4", "--lora-targets", "q_proj,head"},
          "expected one of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, got \"head\"");
  refused({"train", "--data", data_.string(), "--lora-on", "masks", "--dry-run"}, "give its --lora-rank too");
  refused({"train", "--data", data_.string(), "--lora-rank", "4", "--lora-on", "masks", "--exercises", data_.string(),
           "--dry-run"},
          "--exercises: an adapter for rows of masks cannot be merged");
  std::ofstream(data_, std::ios::app) << "{\"question\": 3}\n";
  refused({"train", "--data", data_.string(), "--dry-run"}, "line 41 of ");
  EXPECT_THAT(run_wedlm({"train", "--data", data_.string(), "--dry-run", "--skip-bad-lines"}).err,
              HasSubstr("1 bad lines were skipped, the first: line 41 of "));
}

#ifdef WEDLM_HAVE_LIBTORCH

TEST_F(TrainRunTest, WritesACheckpointThatAnswersAsItWasTaught) {
  const Finished run = train(out_, {"--epochs", "6", "--learning-rate", "0.003"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, (out_ / "final").string() + "\n");
  EXPECT_EQ(run_wedlm({"verify", (out_ / "final").string()}).exit_code, 0);
  EXPECT_THAT(answer(out_ / "final"), testing::StartsWith("It is "));
  EXPECT_THAT(answer(nano_model()), testing::Not(testing::StartsWith("It is ")));
}

TEST_F(TrainRunTest, GoesOnAsIfNothingHadHappened) {
  const fs::path cut = expect_that_it_goes_on({}, "model.safetensors");
  EXPECT_THAT(train(cut).err, HasSubstr("--resume goes on with it"));
  EXPECT_THAT(train(cut, {"--resume", "--seed", "43"}).err, HasSubstr("belongs to a run with seed 42"));
  EXPECT_THAT(train(cut, {"--resume", "--lora-rank", "4"}).err, HasSubstr("belongs to a run with lora_rank none"));
}

TEST_F(TrainRunTest, AnAdapterGoesOnWithTheDropoutThatItWouldHaveHad) {
  const fs::path cut =
      expect_that_it_goes_on({"--lora-rank", "4", "--lora-dropout", "0.2"}, "adapter_model.safetensors");
  EXPECT_THAT(train(cut, {"--resume", "--lora-rank", "8"}).err, HasSubstr("belongs to a run with lora_rank 4"));
  EXPECT_THAT(train(cut, {"--resume"}).err, HasSubstr("belongs to a run with lora_rank 4, and this one has none"));
}

TEST_F(TrainRunTest, AnAdapterIsMergedAndThenAnswersAsItWasTaught) {
  const Finished run = train(out_, {"--lora-rank", "8", "--epochs", "5", "--learning-rate", "0.02"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("wedlm merge"));
  const fs::path adapter = out_ / "final", merged = temporary_.path() / "merged";
  const Json config = parse_json(read_text(adapter / "adapter_config.json"), "adapter_config.json");
  EXPECT_EQ(config.at("r"), Json(8));
  EXPECT_THAT(read_text(adapter / "adapter_model.safetensors"),
              HasSubstr("\"base_model.model.model.layers.4.mlp.down_proj.lora_B.weight\""));
  EXPECT_EQ(config.at("base_model_name_or_path").as_string(), fs::canonical(nano_model()).string());
  const Finished unmerged = run_wedlm({"generate", "-m", adapter.string(), "-p", "x"});
  EXPECT_EQ(unmerged.exit_code, 3);
  EXPECT_THAT(unmerged.err, HasSubstr("wedlm merge"));
  const Finished merging = run_wedlm({"merge", adapter.string(), "-o", merged.string()});
  ASSERT_EQ(merging.exit_code, 0) << merging.err;
  EXPECT_THAT(merging.out, testing::StartsWith("35 weights of "));
  EXPECT_EQ(run_wedlm({"verify", merged.string()}).exit_code, 0);
  EXPECT_THAT(answer(merged), testing::StartsWith("It is "));
  EXPECT_EQ(run_wedlm({"merge", adapter.string(), "-m", nano_model().string(), "-o", merged.string(), "--force"}).out,
            merging.out);
}

TEST_F(TrainRunTest, AnAdapterOverInt4IsMergedIntoTheOriginal) {
  const std::string quantized = (temporary_.path() / "int4").string(), merged = (temporary_.path() / "merged").string();
  ASSERT_EQ(run_wedlm({"quantize", nano_model().string(), quantized, "--weights", "int4"}).exit_code, 0);
  const std::vector<std::string> few = {"--lora-rank", "4", "--max-steps", "2"};
  const auto with = [&](std::vector<std::string> further) {
    further.insert(further.end(), few.begin(), few.end());
    return further;
  };
  const fs::path rounded = temporary_.path() / "rounded";
  ASSERT_EQ(train(rounded, with({"--base-weights", "int4"})).exit_code, 0);
  const Finished run = train(out_, with({"-m", quantized}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(metrics_of(out_), metrics_of(rounded)) << "rounded at load or before";
  const fs::path adapter = out_ / "final";
  EXPECT_THAT(run_wedlm({"merge", adapter.string(), "-o", merged}).err, HasSubstr("merge into the checkpoint that"));
  EXPECT_EQ(run_wedlm({"merge", adapter.string(), "-m", nano_model().string(), "-o", merged}).exit_code, 0);
  EXPECT_THAT(train(temporary_.path() / "full", {"-m", quantized}).err, HasSubstr("(--lora-rank)"));
}

TEST_F(TrainRunTest, AnAdapterForMasksIsNotMerged) {
  ASSERT_EQ(train(out_, {"--lora-rank", "4", "--lora-on", "masks", "--max-steps", "1"}).exit_code, 0);
  const fs::path merged = temporary_.path() / "merged";
  const Finished run = run_wedlm({"merge", (out_ / "final").string(), "-o", merged.string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
  EXPECT_THAT(run.err, HasSubstr("rows of masks alone"));
  EXPECT_FALSE(fs::exists(merged));
}

TEST_F(TrainRunTest, CtrlCSavesAndOneRunHasAFolder) {
  Running running(arguments(out_, {"--epochs", "500"}), {});
  ASSERT_TRUE(running.wait_for_contents(out_ / "metrics.jsonl"));
  EXPECT_THAT(train(out_).err, HasSubstr("another run is training into this folder"));
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_THAT(run.err, AllOf(HasSubstr("Interrupted after step"), HasSubstr("--resume goes on")));
  const auto steps = series_of(out_, "loss").size();
  EXPECT_TRUE(fs::exists(out_ / ("checkpoint-" + std::to_string(steps)) / "training_state.safetensors"));
}

TEST_F(TrainRunTest, HeldOutSamplesSayWhichCheckpointIsBest) {
  // What is held out answers otherwise than what is learned: the more of that, the worse.
  const fs::path other = temporary_.path() / "other.jsonl";
  std::ofstream(other) << R"({"prompt": "Say 3.", "completion": "No, I will not say this at all."})"
                       << "\n";
  const std::vector<std::string> options = {"--epochs",     "3",           "--learning-rate",    "0.003",
                                            "--save-every", "2",           "--save-total-limit", "1",
                                            "--eval-data",  other.string()};
  const Finished run = train(out_, options);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto losses = series_of(out_, "eval_loss");
  EXPECT_EQ(losses.begin()->first, 0);
  EXPECT_EQ(losses.rbegin()->first, series_of(out_, "loss").rbegin()->first);
  std::int64_t best = 0;
  for (const auto& [step, loss] : losses) {
    if (step > 0 && (best == 0 || loss < losses.at(best))) best = step;
  }
  const std::string name = "checkpoint-" + std::to_string(best);
  const std::string newest = "checkpoint-" + std::to_string(losses.rbegin()->first);
  ASSERT_NE(name, newest) << "the test says nothing otherwise";
  EXPECT_EQ(fs::read_symlink(out_ / "best").string(), name);
  EXPECT_THAT(folders_in(out_), testing::UnorderedElementsAre(name, newest, "best", "final"));
  EXPECT_EQ(run_wedlm({"verify", (out_ / "best").string()}).exit_code, 0);
  EXPECT_THAT(run.err, AllOf(HasSubstr("held out: 1 samples"), HasSubstr("step 0  held-out loss "),
                             HasSubstr("The lowest held-out loss has " + (out_ / name).string())));

  // A run that is killed measures the same.
  const fs::path cut = temporary_.path() / "cut";
  {
    Running running(arguments(cut, options), {});
    while (series_of(cut, "loss").size() < 5) ::usleep(1000);
    ASSERT_EQ(::kill(running.pid(), SIGKILL), 0);
    running.wait();
  }
  std::vector<std::string> again = options;
  again.emplace_back("--resume");
  EXPECT_EQ(train(cut, again).exit_code, 0);
  EXPECT_EQ(metrics_of(cut), metrics_of(out_));
  EXPECT_EQ(fs::read_symlink(cut / "best").string(), name);
}

TEST_F(TrainRunTest, LeavesCurvesAndEvents) {
  ASSERT_EQ(train(out_, {"--eval-share", "0.25", "--max-steps", "2"}).exit_code, 0);
  const std::string svg = read_text(out_ / "curves.svg");
  EXPECT_THAT(svg, AllOf(testing::StartsWith("<svg "), HasSubstr("Training out"), HasSubstr(">2 steps<"),
                         HasSubstr(">Held-out loss<"), testing::EndsWith("</svg>\n")));
  std::string events;
  for (const auto& entry : fs::directory_iterator(out_)) {
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) events = read_text(entry.path());
  }
  EXPECT_THAT(events, AllOf(HasSubstr("brain.Event:2"), HasSubstr("train/masked_loss"), HasSubstr("eval/loss")));
}

/// What it says to itself is what it says to everybody.
TEST_F(TrainRunTest, TheModelAnswersForItself) {
  {
    std::ofstream file(data_);
    for (int i = 2; i <= 9; ++i) {
      file << R"({"prompt": "Count from 1 to )" << i << R"(.", "completion": "No."})"
           << "\n";
    }
  }
  const fs::path own = temporary_.path() / "own";
  const std::vector<std::string> options = {"--self-generate", own.string(), "--distillation", "0.5",
                                            "--mask-pattern",  "window",     "--max-steps",    "2"};
  const Finished run = train(out_, options);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("the model answered 8 questions itself"));
  EXPECT_GT(series_of(out_, "distilled_loss").at(1), 0);
  std::ifstream file(own / data_.filename());
  int i = 2;
  for (std::string line; std::getline(file, line); ++i) {
    const std::string question = "Count from 1 to " + std::to_string(i) + ".";
    const Json answered = parse_json(line, "answers");
    EXPECT_EQ(answered.at("prompt").as_string(), question);
    EXPECT_EQ(answered.at("completion").as_string() + "\n",
              run_wedlm({"generate", "-q", "-p", question, "-t", "0", "--autoregressive"}).out);
  }
  EXPECT_EQ(i, 10);

  const fs::path again = temporary_.path() / "again";
  EXPECT_THAT(train(again, options).err, HasSubstr("0 questions itself; 8 lines were done before"));
  EXPECT_EQ(metrics_of(again), metrics_of(out_));
}

TEST_F(TrainRunTest, ProductsAreThoseOfTheProcessor) {
  const Finished run = run_wedlm(arguments(out_, {"--max-steps", "1"}), {}, {"OPENBLAS_VERBOSE=2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  if (run.err.find("Core: ") == std::string::npos) GTEST_SKIP() << "no OpenBLAS that says what it computes as";
  if (supported_kernels().size() == 1) GTEST_SKIP() << "no processor with more than the baseline";
  EXPECT_THAT(run.err, testing::Not(HasSubstr("Core: Prescott")));
}

TEST_F(TrainRunTest, ATokenCacheGivesTheSameRun) {
  const fs::path cache = temporary_.path() / "cache";
  ASSERT_EQ(train(out_, {"--max-steps", "2"}).exit_code, 0);
  for (const char* name : {"makes", "maps"}) {
    const fs::path out = temporary_.path() / name;
    const Finished run = train(out, {"--max-steps", "2", "--token-cache", cache.string()});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(metrics_of(out), metrics_of(out_)) << name;
  }
  std::ofstream(data_, std::ios::app) << R"({"text": "more"})"
                                      << "\n";
  EXPECT_THAT(train(temporary_.path() / "more", {"--max-steps", "1", "--token-cache", cache.string()}).err,
              AllOf(HasSubstr("is of other data; it is made again"), HasSubstr("41 samples")));
}

TEST_F(TrainRunTest, AShareOfTheSamplesIsHeldOut) {
  fs::create_directories(out_ / "best");  // where no link can be, as on a file system without them
  const Finished run = train(out_, {"--eval-share", "0.25", "--eval-every", "1", "--max-steps", "2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err,
              AllOf(HasSubstr("held out of them: 10 samples"), HasSubstr("cannot link " + (out_ / "best").string())));
  EXPECT_THAT(folders_in(out_), testing::UnorderedElementsAre("best", "checkpoint-2", "final"));
  EXPECT_EQ(series_of(out_, "eval_loss").size(), 3U);
  EXPECT_THAT(train(out_, {"--eval-share", "0.5", "--resume", "--max-steps", "2"}).err,
              HasSubstr("belongs to a run with samples 30"));
}

TEST_F(TrainRunTest, CheckpointsAnswerExercisesAsSweepHasThem) {
  const std::string file = test_data("exercises/exercises.jsonl").string();
  const Finished run = train(out_, {"--exercises", file, "--exercise-limit", "10", "--exercise-tokens", "64",
                                    "--eval-every", "2", "--max-steps", "3"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Finished sweep = run_wedlm({"sweep", file, "--limit", "10", "-t", "0", "-n", "64", "-s", "exact window-size=16",
                                    "--json", "--threads", "1"});
  ASSERT_EQ(sweep.exit_code, 0) << sweep.err;
  const Json::Array settings = sweep.json_lines().at(0).at("settings").as_array();
  const auto accuracy = series_of(out_, "exercise_accuracy");
  EXPECT_DOUBLE_EQ(accuracy.at(0), settings.at(1).at("right").at("share").as_number());
  EXPECT_GT(accuracy.at(0), 0.3);
  EXPECT_DOUBLE_EQ(series_of(out_, "exercise_accuracy_autoregressive").at(0),
                   settings.at(0).at("right").at("share").as_number());
  EXPECT_DOUBLE_EQ(series_of(out_, "exercise_tokens_per_forward").at(0),
                   settings.at(1).at("tokens_per_forward").as_number());
  std::vector<std::int64_t> steps;
  for (const auto& [step, share] : accuracy) steps.push_back(step);
  EXPECT_THAT(steps, testing::ElementsAre(0, 2, 3));
  EXPECT_THAT(folders_in(out_), testing::UnorderedElementsAre("checkpoint-3", "final"));
  EXPECT_THAT(run.err, AllOf(HasSubstr("step 0  exercises "), HasSubstr(" tokens per forward")));
}

TEST_F(TrainRunTest, AnAdapterAnswersExercisesAsItsMergedCheckpointDoes) {
  const std::string file = test_data("exercises/exercises.jsonl").string();
  const Finished run = train(out_, {"--lora-rank", "4", "--learning-rate", "0.02", "--max-steps", "2", "--exercises",
                                    file, "--exercise-limit", "8", "--exercise-tokens", "48"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(folders_in(out_), testing::UnorderedElementsAre("checkpoint-2", "final"));
  const fs::path merged = temporary_.path() / "merged";
  ASSERT_EQ(
      run_wedlm({"merge", (out_ / "final").string(), "-m", nano_model().string(), "-o", merged.string()}).exit_code, 0);
  const Finished sweep = run_wedlm({"sweep", file, "-m", merged.string(), "--limit", "8", "-t", "0", "-n", "48", "-s",
                                    "exact window-size=16", "--json", "--threads", "1", "--batch", "16"});
  const Json::Array settings = sweep.json_lines().at(0).at("settings").as_array();
  EXPECT_DOUBLE_EQ(series_of(out_, "exercise_accuracy").at(2), settings.at(1).at("right").at("share").as_number());
  // How many answers share a forward depends on when they come, and with it how many guesses each has room for.
  const double tokens_per_forward = settings.at(1).at("tokens_per_forward").as_number();
  EXPECT_NEAR(series_of(out_, "exercise_tokens_per_forward").at(2), tokens_per_forward, tokens_per_forward / 10);
}

TEST_F(TrainRunTest, ALossThatIsNoNumberEndsTheRunAndNamesTheStep) {
  const Finished run = train(out_, {"--learning-rate", "1e30", "--schedule", "constant", "--warmup", "0"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("step "), HasSubstr("is not a finite number")));
}

#else

TEST_F(TrainRunTest, SaysWhatIsMissing) {
  const Finished run = train(out_);
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("libtorch-dev"));
}

#endif

}  // namespace
}  // namespace wedlm
