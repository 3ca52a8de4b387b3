// The subcommands of `wedlm`, one file each. add_x() declares a subcommand with its options and returns what runs it
// after the command line was parsed; the result is the exit code. Errors are thrown.
#pragma once

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct Trainer;

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

Command add_generate(CLI::App& program);
Command add_chat(CLI::App& program);
Command add_load(CLI::App& program);
Command add_benchmark(CLI::App& program);
Command add_sweep(CLI::App& program);
Command add_bench(CLI::App& program);
Command add_info(CLI::App& program);
Command add_verify(CLI::App& program);
Command add_quantize(CLI::App& program);
Command add_export(CLI::App& program);
Command add_merge(CLI::App& program);
Command add_tokenize(CLI::App& program);
Command add_template(CLI::App& program);
Command add_train(CLI::App& program, const Trainer& trainer);
Command add_train_tokenizer(CLI::App& program);
Command add_serve(CLI::App& program);
Command add_completion(CLI::App& program);

}  // namespace wedlm::cli
