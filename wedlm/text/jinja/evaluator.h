// Expressions into values, in a scope. The base of the interpreter of statements.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/text/jinja/ast.h"
#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

/// Names and their values; what is not found is looked for in `outer`.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<std::string, Value>> variables;

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};
using ScopePtr = std::shared_ptr<Scope>;

class Evaluator {
 public:
  explicit Evaluator(const InputSize& input) : runtime_(input) {}
  Value evaluate(const Expression& expression, const ScopePtr& scope);
  Arguments evaluate_arguments(const ArgumentNodes& nodes, const ScopePtr& scope);
  Runtime& runtime() { return runtime_; }

  /// Counts one level of statements, expressions or macros for as long as it lives.
  class Level {
   public:
    explicit Level(Evaluator& evaluator);
    ~Level() { --evaluator_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Evaluator& evaluator_;
  };

 protected:
  Value call(const CallNode& node, const Arguments& arguments, const ScopePtr& scope);

  Runtime runtime_;
  int line_ = 1;      // of what is being evaluated, for messages
  Value block_text_;  // what BlockTextNode stands for

 private:
  struct Visitor;
  Value call_value(const Value& callee, const Arguments& arguments);

  int depth_ = 0;
};

}  // namespace wedlm::jinja
