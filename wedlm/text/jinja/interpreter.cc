#include "wedlm/text/jinja/interpreter.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/text/jinja/evaluator.h"
#include "wedlm/text/jinja/lexer.h"
#include "wedlm/text/jinja/loop.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

enum class Flow { kNormal, kBreak, kContinue };

class Interpreter final : public Evaluator {
 public:
  using Evaluator::Evaluator;

  /// Runs the whole template.
  std::string run(const Body& body, const Dict& variables, std::string_view what) {
    const ScopePtr scope = std::make_shared<Scope>();
    for (const auto& [key, value] : variables.entries()) scope->variables.emplace_back(key.string(), value);
    std::string out;
    try {
      execute(body, scope, out);
    } catch (const Complaint& complaint) {
      throw_at(what, line_, complaint.what());
    } catch (const Refusal& refusal) {
      throw InvalidInput(std::string(what) + ": " + refusal.what());
    }
    return out;
  }

  std::string call_body(const Callee& callee, const Arguments& arguments, const ScopePtr& closure);

 private:
  class Macro;
  struct Visitor;

  Flow execute(const Body& body, const ScopePtr& scope, std::string& out);
  Flow execute_for(const ForStatement& node, const ScopePtr& scope, std::string& out);
  void assign(const Target& target, Value value, const ScopePtr& scope);
  void bind_parameters(const Callee& callee, const Arguments& arguments, const ScopePtr& scope);
  Value make_macro(const Callee& callee, const ScopePtr& scope);
  static ScopePtr inner(const ScopePtr& scope) { return std::make_shared<Scope>(Scope{scope, {}}); }

  void append(std::string& out, std::string_view text) {
    runtime_.charge_bytes(text.size());
    Runtime::check_text_size(static_cast<double>(out.size()) + static_cast<double>(text.size()));
    out += text;
  }

  Value filter_text(const ExpressionPtr& filters, std::string text, const ScopePtr& scope) {
    Value input = Value::string(std::move(text));
    if (filters == nullptr) return input;
    block_text_ = std::move(input);
    return evaluate(*filters, scope);
  }
};

/// Belongs to the Runtime, because a macro may outlive its block in a namespace, and keeps the scope that it sees.
class Interpreter::Macro final : public Object {
 public:
  Macro(Interpreter& interpreter, const Callee& callee, ScopePtr closure)
      : interpreter_(interpreter), callee_(callee), closure_(std::move(closure)) {}
  std::string_view type_name() const override { return "Macro"; }
  bool is_callable() const override { return true; }
  std::optional<Value> attribute(Runtime&, std::string_view name) override {
    if (name == "name") return Value::string(callee_.name);
    return std::nullopt;
  }
  Value call(Runtime&, const Arguments& arguments) override {
    return Value::string(interpreter_.call_body(callee_, arguments, closure_));
  }

 private:
  Interpreter& interpreter_;
  const Callee& callee_;
  ScopePtr closure_;
};

struct Interpreter::Visitor {
  Interpreter& self;
  const ScopePtr& scope;
  std::string& out;

  Flow operator()(const TextStatement& node) const {
    self.append(out, node.text);
    return Flow::kNormal;
  }

  Flow operator()(const PrintStatement& node) const {
    self.append(out, to_text(self.evaluate(*node.value, scope), self.runtime_));
    return Flow::kNormal;
  }

  Flow operator()(const ForStatement& node) const { return self.execute_for(node, scope, out); }

  Flow operator()(const IfStatement& node) const {
    for (const auto& [condition, body] : node.branches) {
      if (self.evaluate(*condition, scope).truth()) return self.execute(body, scope, out);
    }
    return self.execute(node.otherwise, scope, out);
  }

  Flow operator()(const SetStatement& node) const {
    self.assign(node.target, self.evaluate(*node.value, scope), scope);
    return Flow::kNormal;
  }

  Flow operator()(const SetBlockStatement& node) const {
    const ScopePtr block = inner(scope);
    std::string text;
    const Flow flow = self.execute(node.body, block, text);
    if (flow == Flow::kNormal) self.assign(node.target, self.filter_text(node.filters, std::move(text), block), scope);
    return flow;
  }

  Flow operator()(const MacroStatement& node) const {
    scope->set(node.callee.name, self.make_macro(node.callee, scope));
    return Flow::kNormal;
  }

  Flow operator()(const CallStatement& node) const {
    const auto& call = std::get<CallNode>(node.call->node);
    Arguments arguments = self.evaluate_arguments(call.arguments, scope);
    arguments.named.emplace_back("caller", self.make_macro(node.caller, scope));
    self.append(out, to_text(self.call(call, arguments, scope), self.runtime_));
    return Flow::kNormal;
  }

  Flow operator()(const FilterStatement& node) const {
    const ScopePtr block = inner(scope);
    std::string text;
    const Flow flow = self.execute(node.body, block, text);
    if (flow == Flow::kNormal) {
      self.append(out, to_text(self.filter_text(node.filters, std::move(text), block), self.runtime_));
    }
    return flow;
  }

  Flow operator()(const WithStatement& node) const {
    const ScopePtr block = inner(scope);
    for (const auto& [target, value] : node.variables) self.assign(target, self.evaluate(*value, scope), block);
    return self.execute(node.body, block, out);
  }

  Flow operator()(const BreakStatement&) const { return Flow::kBreak; }
  Flow operator()(const ContinueStatement&) const { return Flow::kContinue; }
};

Flow Interpreter::execute(const Body& body, const ScopePtr& scope, std::string& out) {
  const Level level(*this);
  for (const Statement& statement : body) {
    runtime_.charge_steps(1);
    line_ = statement.line;
    const Flow flow = std::visit(Visitor{*this, scope, out}, statement.node);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Flow Interpreter::execute_for(const ForStatement& node, const ScopePtr& scope, std::string& out) {
  std::vector<Value> items = iterate(evaluate(*node.iterable, scope), runtime_);
  if (node.condition != nullptr) {
    std::vector<Value> kept;
    for (Value& item : items) {
      const ScopePtr block = inner(scope);
      assign(node.target, item, block);
      if (evaluate(*node.condition, block).truth()) kept.push_back(std::move(item));
    }
    items = std::move(kept);
  }
  if (items.empty()) return execute(node.otherwise, inner(scope), out);
  auto* loop = runtime_.make<Loop>(std::move(items));
  for (; !loop->is_done(); loop->advance()) {
    const ScopePtr block = inner(scope);
    block->set("loop", Value::object(loop));
    assign(node.target, loop->item(), block);
    if (execute(node.body, block, out) == Flow::kBreak) break;
  }
  loop->release();
  return Flow::kNormal;
}

void Interpreter::assign(const Target& target, Value value, const ScopePtr& scope) {
  if (target.is_tuple) {
    std::vector<Value> items = iterate(value, runtime_);
    if (items.size() != target.parts.size()) {
      throw Complaint("cannot unpack " + std::to_string(items.size()) + " values into " +
                      std::to_string(target.parts.size()) + " names");
    }
    for (std::size_t i = 0; i < items.size(); ++i) assign(target.parts[i], std::move(items[i]), scope);
    return;
  }
  if (target.attribute.empty()) {
    scope->set(target.name, std::move(value));
    return;
  }
  const Value* found = scope->find(target.name);
  auto* object = found != nullptr && found->is_object() ? dynamic_cast<Namespace*>(found->object()) : nullptr;
  if (object == nullptr) throw Complaint("cannot assign attribute on non-namespace object '" + target.name + "'");
  object->set(Value::string(target.attribute), std::move(value));
}

Value Interpreter::make_macro(const Callee& callee, const ScopePtr& scope) {
  return Value::object(runtime_.make<Macro>(*this, callee, scope));
}

void Interpreter::bind_parameters(const Callee& callee, const Arguments& arguments, const ScopePtr& scope) {
  const std::size_t num_parameters = callee.parameters.size();
  std::vector<bool> is_used(arguments.named.size(), false);
  const auto take_named = [&](std::string_view name) -> const Value* {
    for (std::size_t i = 0; i < arguments.named.size(); ++i) {
      if (arguments.named[i].first != name) continue;
      is_used[i] = true;
      return &arguments.named[i].second;
    }
    return nullptr;
  };
  bool has_caller_parameter = false;
  for (std::size_t i = 0; i < num_parameters; ++i) {
    const Parameter& parameter = callee.parameters[i];
    has_caller_parameter = has_caller_parameter || parameter.name == "caller";
    const Value* given = i < arguments.positional.size() ? &arguments.positional[i] : take_named(parameter.name);
    if (given != nullptr) {
      scope->set(parameter.name, *given);
    } else if (parameter.otherwise != nullptr) {
      scope->set(parameter.name, evaluate(*parameter.otherwise, scope));
    } else {
      scope->set(parameter.name, Value::undefined("parameter '" + parameter.name + "' was not provided"));
    }
  }
  if (callee.uses_caller && !has_caller_parameter) {
    const Value* caller = take_named("caller");
    scope->set("caller", caller != nullptr ? *caller : Value::undefined("No caller defined"));
  }
  Dict others;
  for (std::size_t i = 0; i < is_used.size(); ++i) {
    const auto& [name, value] = arguments.named[i];
    if (is_used[i]) continue;
    if (!callee.uses_kwargs) throw Complaint("macro '" + callee.name + "' takes no keyword argument '" + name + "'");
    others.set(Value::string(name), value);
  }
  if (callee.uses_kwargs) scope->set("kwargs", Value::dict(std::move(others)));
  const std::size_t num_taken = std::min(num_parameters, arguments.positional.size());
  if (callee.uses_varargs) {
    const auto first = arguments.positional.begin() + static_cast<std::ptrdiff_t>(num_taken);
    scope->set("varargs", Value::tuple(std::vector<Value>(first, arguments.positional.end())));
  } else if (arguments.positional.size() > num_parameters) {
    throw Complaint("macro '" + callee.name + "' takes not more than " + std::to_string(num_parameters) +
                    " argument(s)");
  }
}

std::string Interpreter::call_body(const Callee& callee, const Arguments& arguments, const ScopePtr& closure) {
  const Level level(*this);
  const ScopePtr scope = inner(closure);
  bind_parameters(callee, arguments, scope);
  std::string out;
  execute(callee.body, scope, out);
  return out;
}

}  // namespace

std::string render(const Body& body, const Dict& variables, std::string_view what) {
  InputSize input;
  for (const auto& entry : variables.entries()) input.add(entry.value);
  return Interpreter(input).run(body, variables, what);
}

}  // namespace wedlm::jinja
