#include "wedlm/text/jinja/evaluator.h"

#include <algorithm>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

/// range, namespace and the like, where no variable hides them.
class GlobalFunction final : public Object {
 public:
  explicit GlobalFunction(Function function) : function_(function) {}
  std::string_view type_name() const override { return "function"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Arguments& arguments) override {
    runtime.charge(arguments);
    return function_(runtime, arguments);
  }

 private:
  Function function_;
};

}  // namespace

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer.get()) {
    for (const auto& [key, value] : scope->variables) {
      if (key == name) return &value;
    }
  }
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [key, old] : variables) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  variables.emplace_back(std::string(name), std::move(value));
}

Evaluator::Level::Level(Evaluator& evaluator) : evaluator_(evaluator) {
  if (evaluator_.depth_ >= kMaxDepth) {
    throw Complaint("the rendering nests deeper than the limit of " + std::to_string(kMaxDepth) +
                    " levels: a macro may call itself without end");
  }
  ++evaluator_.depth_;
}

struct Evaluator::Visitor {
  Evaluator& self;
  const ScopePtr& scope;

  Value value(const ExpressionPtr& expression) const { return self.evaluate(*expression, scope); }
  Value value_or_none(const ExpressionPtr& expression) const {
    return expression == nullptr ? Value::none() : value(expression);
  }

  Value operator()(const LiteralNode& node) const { return node.value; }

  Value operator()(const NameNode& node) const {
    if (const Value* found = scope->find(node.name)) return *found;
    if (const Function function = find_function(node.name)) {
      return Value::object(self.runtime_.make<GlobalFunction>(function));
    }
    return Value::undefined("'" + node.name + "' is undefined");
  }

  Value operator()(const SequenceNode& node) const {
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const ExpressionPtr& item : node.items) items.push_back(value(item));
    return node.is_tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
  }

  Value operator()(const DictNode& node) const {
    Dict dict;
    for (const auto& [key, entry] : node.entries) {
      Value name = value(key);
      dict.set(std::move(name), value(entry));
    }
    return Value::dict(std::move(dict));
  }

  Value operator()(const UnaryNode& node) const {
    const Value operand = value(node.operand);
    if (node.op == UnaryOperator::kNot) return Value::boolean(!operand.truth());
    return node.op == UnaryOperator::kMinus ? negate(operand) : negate(negate(operand));
  }

  Value operator()(const BinaryNode& node) const {
    const Value left = value(node.left);
    const Value right = value(node.right);
    return apply(node.op, left, right, self.runtime_);
  }

  Value operator()(const LogicalNode& node) const {
    Value left = value(node.left);
    return left.truth() == (node.op == LogicalOperator::kAnd) ? value(node.right) : left;
  }

  Value operator()(const ConcatNode& node) const {
    std::string text;
    for (const ExpressionPtr& operand : node.operands) {
      text += to_text(value(operand), self.runtime_);
      Runtime::check_text_size(static_cast<double>(text.size()));
    }
    return Value::string(std::move(text));
  }

  Value operator()(const CompareNode& node) const {
    Value left = value(node.first);
    for (const auto& [op, operand] : node.rest) {
      Value right = value(operand);
      if (!compare(op, left, right, self.runtime_)) return Value::boolean(false);
      left = std::move(right);
    }
    return Value::boolean(true);
  }

  Value operator()(const ConditionalNode& node) const {
    if (value(node.condition).truth()) return value(node.yes);
    if (node.no != nullptr) return value(node.no);
    return Value::undefined("the inline if-expression evaluated to false and no else section was defined");
  }

  Value operator()(const AttributeNode& node) const {
    return get_attribute(value(node.object), node.name, self.runtime_);
  }

  Value operator()(const ItemNode& node) const {
    const Value object = value(node.object);
    return get_item(object, value(node.key), self.runtime_);
  }

  Value operator()(const SliceNode& node) const {
    const Value object = value(node.object);
    const Value start = value_or_none(node.start);
    const Value stop = value_or_none(node.stop);
    return slice(object, start, stop, value_or_none(node.step), self.runtime_);
  }

  Value operator()(const CallNode& node) const {
    return self.call(node, self.evaluate_arguments(node.arguments, scope), scope);
  }

  Value operator()(const FilterNode& node) const {
    const Value input = value(node.input);
    const Arguments arguments = self.evaluate_arguments(node.arguments, scope);
    const Filter filter = find_filter(node.name);
    if (filter == nullptr) throw Complaint("unknown filter '" + node.name + "'");
    self.runtime_.charge(input);
    self.runtime_.charge(arguments);
    return filter(self.runtime_, input, arguments);
  }

  Value operator()(const TestNode& node) const {
    const Value input = value(node.input);
    const Arguments arguments = self.evaluate_arguments(node.arguments, scope);
    const Test test = find_test(node.name);
    if (test == nullptr) throw Complaint("unknown test '" + node.name + "'");
    return Value::boolean(test(self.runtime_, input, arguments));
  }

  Value operator()(const BlockTextNode&) const { return self.block_text_; }
};

Value Evaluator::evaluate(const Expression& expression, const ScopePtr& scope) {
  const Level level(*this);
  runtime_.charge_steps(1);
  line_ = expression.line;
  Value value = std::visit(Visitor{*this, scope}, expression.node);
  line_ = expression.line;
  const bool is_made_here =
      !std::holds_alternative<NameNode>(expression.node) && !std::holds_alternative<LiteralNode>(expression.node) &&
      !std::holds_alternative<AttributeNode>(expression.node) && !std::holds_alternative<ItemNode>(expression.node);
  if (is_made_here) runtime_.charge(value);
  return value;
}

Arguments Evaluator::evaluate_arguments(const ArgumentNodes& nodes, const ScopePtr& scope) {
  Arguments arguments;
  for (const ArgumentNode& node : nodes) {
    Value value = evaluate(*node.value, scope);
    if (node.unpack == Unpack::kList) {
      for (Value& item : iterate(value, runtime_)) arguments.positional.push_back(std::move(item));
    } else if (node.unpack == Unpack::kDict) {
      if (!value.is_dict()) throw Complaint("the argument after ** must be a dict");
      for (const auto& [key, item] : value.dict().entries()) {
        if (!key.is_string()) throw Complaint("the keys of a dict after ** must be strings");
        arguments.named.emplace_back(key.string(), item);
      }
    } else if (node.name.empty()) {
      arguments.positional.push_back(std::move(value));
    } else {
      arguments.named.emplace_back(node.name, std::move(value));
    }
  }
  return arguments;
}

Value Evaluator::call(const CallNode& node, const Arguments& arguments, const ScopePtr& scope) {
  if (const auto* attribute = std::get_if<AttributeNode>(&node.callee->node)) {
    // The common case, a method of a string or dict, needs no object for the bound method.
    const Value self = evaluate(*attribute->object, scope);
    if (!self.is_undefined() && !self.is_object() && !is_forbidden_attribute(self, attribute->name)) {
      if (const Method method = find_method(self, attribute->name)) {
        return call_method(method, self, arguments, runtime_);
      }
    }
    return call_value(get_attribute(self, attribute->name, runtime_), arguments);
  }
  if (const auto* name = std::get_if<NameNode>(&node.callee->node)) {
    const Function function = scope->find(name->name) == nullptr ? find_function(name->name) : nullptr;
    if (function != nullptr) {
      runtime_.charge(arguments);
      return function(runtime_, arguments);
    }
  }
  return call_value(evaluate(*node.callee, scope), arguments);
}

Value Evaluator::call_value(const Value& callee, const Arguments& arguments) {
  require_defined(callee);
  if (!callee.is_object()) throw Complaint("'" + std::string(callee.type_name()) + "' object is not callable");
  const int line = line_;
  Value result = callee.object()->call(runtime_, arguments);
  line_ = line;
  return result;
}

}  // namespace wedlm::jinja
