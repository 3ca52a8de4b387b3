#include "wedlm/text/jinja/expression_parser.h"

#include <algorithm>
#include <optional>

#include "wedlm/text/jinja/parser.h"

namespace wedlm::jinja {
namespace {

int depth_of(const ExpressionPtr& expression) {
  return expression == nullptr ? 0 : expression->depth;
}

template <class Range, class Part>
int deepest(const Range& range, const Part& part) {
  int depth = 0;
  for (const auto& element : range) depth = std::max(depth, depth_of(part(element)));
  return depth;
}

int deepest(const ArgumentNodes& arguments) {
  return deepest(arguments, [](const ArgumentNode& argument) -> const ExpressionPtr& { return argument.value; });
}

int deepest(const std::vector<ExpressionPtr>& items) {
  return deepest(items, [](const ExpressionPtr& item) -> const ExpressionPtr& { return item; });
}

/// The depth of the deepest expression that a node holds.
struct DeepestChild {
  int operator()(const LiteralNode&) const { return 0; }
  int operator()(const NameNode&) const { return 0; }
  int operator()(const BlockTextNode&) const { return 0; }
  int operator()(const SequenceNode& node) const { return deepest(node.items); }
  int operator()(const DictNode& node) const {
    int depth = 0;
    for (const auto& [key, value] : node.entries) depth = std::max({depth, depth_of(key), depth_of(value)});
    return depth;
  }
  int operator()(const UnaryNode& node) const { return depth_of(node.operand); }
  int operator()(const BinaryNode& node) const { return std::max(depth_of(node.left), depth_of(node.right)); }
  int operator()(const LogicalNode& node) const { return std::max(depth_of(node.left), depth_of(node.right)); }
  int operator()(const ConcatNode& node) const { return deepest(node.operands); }
  int operator()(const CompareNode& node) const {
    int depth = depth_of(node.first);
    for (const auto& [op, operand] : node.rest) depth = std::max(depth, depth_of(operand));
    return depth;
  }
  int operator()(const ConditionalNode& node) const {
    return std::max({depth_of(node.condition), depth_of(node.yes), depth_of(node.no)});
  }
  int operator()(const AttributeNode& node) const { return depth_of(node.object); }
  int operator()(const ItemNode& node) const { return std::max(depth_of(node.object), depth_of(node.key)); }
  int operator()(const SliceNode& node) const {
    return std::max({depth_of(node.object), depth_of(node.start), depth_of(node.stop), depth_of(node.step)});
  }
  int operator()(const CallNode& node) const { return std::max(depth_of(node.callee), deepest(node.arguments)); }
  int operator()(const FilterNode& node) const { return std::max(depth_of(node.input), deepest(node.arguments)); }
  int operator()(const TestNode& node) const { return std::max(depth_of(node.input), deepest(node.arguments)); }
};

Value integer_of(const Token& token) {
  return token.is_long ? Value::integer_of_digits(token.text) : Value::integer(token.integer);
}

}  // namespace

ExpressionParser::Level::Level(ExpressionParser& parser) : parser_(parser) {
  if (parser_.nesting_ >= kMaxNesting) {
    parser_.fail("nested deeper than the limit of " + std::to_string(kMaxNesting) + " levels");
  }
  ++parser_.nesting_;
}

ExpressionPtr ExpressionParser::with_depth(ExpressionPtr expression) const {
  expression->depth = 1 + std::visit(DeepestChild(), expression->node);
  if (expression->depth > kMaxNesting) {
    fail_at(expression->line,
            "an expression nests deeper than the limit of " + std::to_string(kMaxNesting) + " levels");
  }
  return expression;
}

Token ExpressionParser::take() {
  Token token = current();
  if (position_ + 1 < tokens_.size()) ++position_;
  return token;
}

bool ExpressionParser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}

bool ExpressionParser::skip_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  take();
  return true;
}

void ExpressionParser::expect_operator(std::string_view text) {
  if (!skip_operator(text)) fail("expected '" + std::string(text) + "', got " + describe_current());
}

void ExpressionParser::expect(TokenKind kind, std::string_view description) {
  if (current().kind != kind) fail("expected " + std::string(description) + ", got " + describe_current());
  take();
}

std::string ExpressionParser::expect_name(std::string_view description) {
  if (current().kind != TokenKind::kName) fail("expected " + std::string(description) + ", got " + describe_current());
  return take().text;
}

std::string ExpressionParser::describe_current() const {
  switch (current().kind) {
    case TokenKind::kText:
      return "text";
    case TokenKind::kBlockBegin:
      return "'{%'";
    case TokenKind::kBlockEnd:
      return "'%}'";
    case TokenKind::kPrintBegin:
      return "'{{'";
    case TokenKind::kPrintEnd:
      return "'}}'";
    case TokenKind::kString:
      return "a string";
    case TokenKind::kEnd:
      return "the end of the template";
    default:
      return "'" + current().text + "'";
  }
}

ExpressionPtr ExpressionParser::parse_expression(Condition condition) {
  const Level level(*this);
  const int line = current().line;
  ExpressionPtr expression = parse_or();
  while (condition == Condition::kAllowed && is_name("if")) {
    take();
    ++conditional_depth_;
    ExpressionPtr test = parse_or();
    ExpressionPtr otherwise;
    if (skip_name("else")) otherwise = parse_expression();
    --conditional_depth_;
    expression = make(line, ConditionalNode{std::move(test), std::move(expression), std::move(otherwise)});
  }
  return expression;
}

ExpressionPtr ExpressionParser::parse_logical(ExpressionPtr (ExpressionParser::*parse_operand)(), std::string_view word,
                                              LogicalOperator op) {
  const int line = current().line;
  ExpressionPtr left = (this->*parse_operand)();
  while (skip_name(word)) {
    ExpressionPtr right = (this->*parse_operand)();
    left = make(line, LogicalNode{op, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_or() {
  return parse_logical(&ExpressionParser::parse_and, "or", LogicalOperator::kOr);
}

ExpressionPtr ExpressionParser::parse_and() {
  return parse_logical(&ExpressionParser::parse_not, "and", LogicalOperator::kAnd);
}

ExpressionPtr ExpressionParser::parse_not() {
  const int line = current().line;
  if (!skip_name("not")) return parse_compare();
  const Level level(*this);
  return make(line, UnaryNode{UnaryOperator::kNot, parse_not()});
}

ExpressionPtr ExpressionParser::parse_compare() {
  static constexpr std::pair<std::string_view, CompareOperator> kOperators[] = {
      {"==", CompareOperator::kEqual},     {"!=", CompareOperator::kNotEqual}, {"<", CompareOperator::kLess},
      {"<=", CompareOperator::kLessEqual}, {">", CompareOperator::kGreater},   {">=", CompareOperator::kGreaterEqual}};
  const int line = current().line;
  CompareNode node{parse_sum(), {}};
  for (;;) {
    std::optional<CompareOperator> op;
    for (const auto& [text, compare_operator] : kOperators) {
      if (is_operator(text)) op = compare_operator;
    }
    if (op) {
      take();
    } else if (skip_name("in")) {
      op = CompareOperator::kIn;
    } else if (is_name("not") && next().kind == TokenKind::kName && next().text == "in") {
      take();
      take();
      op = CompareOperator::kNotIn;
    } else {
      break;
    }
    ExpressionPtr operand = parse_sum();
    node.rest.emplace_back(*op, std::move(operand));
  }
  if (node.rest.empty()) return std::move(node.first);
  return make(line, std::move(node));
}

ExpressionPtr ExpressionParser::parse_binary(
    ExpressionPtr (ExpressionParser::*parse_operand)(),
    std::initializer_list<std::pair<std::string_view, BinaryOperator>> operators) {
  const int line = current().line;
  ExpressionPtr left = (this->*parse_operand)();
  for (;;) {
    const auto found = std::find_if(operators.begin(), operators.end(),
                                    [&](const auto& candidate) { return is_operator(candidate.first); });
    if (found == operators.end()) return left;
    take();
    ExpressionPtr right = (this->*parse_operand)();
    left = make(line, BinaryNode{found->second, std::move(left), std::move(right)});
  }
}

ExpressionPtr ExpressionParser::parse_sum() {
  return parse_binary(&ExpressionParser::parse_concat, {{"+", BinaryOperator::kAdd}, {"-", BinaryOperator::kSubtract}});
}

ExpressionPtr ExpressionParser::parse_concat() {
  const int line = current().line;
  ConcatNode node;
  do {
    node.operands.push_back(parse_product());
  } while (skip_operator("~"));
  if (node.operands.size() == 1) return std::move(node.operands.front());
  return make(line, std::move(node));
}

ExpressionPtr ExpressionParser::parse_product() {
  return parse_binary(&ExpressionParser::parse_power, {{"*", BinaryOperator::kMultiply},
                                                       {"/", BinaryOperator::kDivide},
                                                       {"//", BinaryOperator::kFloorDivide},
                                                       {"%", BinaryOperator::kModulo}});
}

ExpressionPtr ExpressionParser::parse_power() {
  const int line = current().line;
  ExpressionPtr left = parse_unary(true);
  while (skip_operator("**")) {
    ExpressionPtr right = parse_unary(true);
    left = make(line, BinaryNode{BinaryOperator::kPower, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(bool with_filters) {
  const int line = current().line;
  ExpressionPtr expression;
  if (is_operator("-") || is_operator("+")) {
    const Level level(*this);
    const UnaryOperator op = take().text == "-" ? UnaryOperator::kMinus : UnaryOperator::kPlus;
    expression = make(line, UnaryNode{op, parse_unary(false)});
  } else {
    expression = parse_primary();
  }
  expression = parse_postfix(std::move(expression));
  return with_filters ? parse_filters_tests_calls(std::move(expression)) : std::move(expression);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const Level level(*this);
  const int line = current().line;
  switch (current().kind) {
    case TokenKind::kName: {
      const std::string name = take().text;
      if (name == "true" || name == "True") return make(line, LiteralNode{Value::boolean(true)});
      if (name == "false" || name == "False") return make(line, LiteralNode{Value::boolean(false)});
      if (name == "none" || name == "None") return make(line, LiteralNode{Value::none()});
      names_read_.insert(name);
      return make(line, NameNode{name});
    }
    case TokenKind::kString: {
      std::string text;
      while (current().kind == TokenKind::kString) text += take().text;
      return make(line, LiteralNode{Value::string(std::move(text))});
    }
    case TokenKind::kInteger:
      return make(line, LiteralNode{integer_of(take())});
    case TokenKind::kReal:
      return make(line, LiteralNode{Value::real(take().real)});
    default:
      break;
  }
  if (is_operator("(")) return parse_parentheses();
  if (is_operator("[")) return parse_list();
  if (is_operator("{")) return parse_dict();
  fail("expected an expression, got " + describe_current());
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  const int line = take().line;
  if (skip_operator(")")) return make(line, SequenceNode{.items = {}, .is_tuple = true});
  ExpressionPtr expression = parse_tuple();
  expect_operator(")");
  return expression;
}

ExpressionPtr ExpressionParser::parse_list() {
  SequenceNode node;
  const int line = take().line;
  while (!is_operator("]")) {
    if (!node.items.empty()) expect_operator(",");
    if (is_operator("]")) break;
    node.items.push_back(parse_expression());
  }
  expect_operator("]");
  return make(line, std::move(node));
}

ExpressionPtr ExpressionParser::parse_dict() {
  DictNode node;
  const int line = take().line;
  while (!is_operator("}")) {
    if (!node.entries.empty()) expect_operator(",");
    if (is_operator("}")) break;
    ExpressionPtr key = parse_expression();
    expect_operator(":");
    ExpressionPtr value = parse_expression();
    node.entries.emplace_back(std::move(key), std::move(value));
  }
  expect_operator("}");
  return make(line, std::move(node));
}

bool ExpressionParser::ends_tuple(std::string_view end_name) const {
  const TokenKind kind = current().kind;
  return kind == TokenKind::kPrintEnd || kind == TokenKind::kBlockEnd || is_operator(")") ||
         (!end_name.empty() && is_name(end_name));
}

ExpressionPtr ExpressionParser::parse_tuple(Condition condition, std::string_view end_name) {
  const int line = current().line;
  ExpressionPtr first = parse_expression(condition);
  if (!is_operator(",")) return first;
  SequenceNode node{.items = {}, .is_tuple = true};
  node.items.push_back(std::move(first));
  while (skip_operator(",")) {
    if (ends_tuple(end_name)) break;
    node.items.push_back(parse_expression(condition));
  }
  return make(line, std::move(node));
}

}  // namespace wedlm::jinja
