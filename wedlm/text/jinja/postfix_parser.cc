// What may follow a primary expression: subscripts, calls, filters and tests; and targets of assignments. The other
// half of expression_parser.h.
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/expression_parser.h"

namespace wedlm::jinja {

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr object) {
  for (;;) {
    if (is_operator(".")) {
      object = parse_dotted(std::move(object));
    } else if (is_operator("[")) {
      object = parse_subscript(std::move(object));
    } else if (is_operator("(")) {
      object = parse_call(std::move(object));
    } else {
      return object;
    }
  }
}

ExpressionPtr ExpressionParser::parse_dotted(ExpressionPtr object) {
  const int line = take().line;
  if (current().kind == TokenKind::kInteger) {
    ExpressionPtr key = make(line, LiteralNode{Value::integer(take().integer)});
    return make(line, ItemNode{std::move(object), std::move(key)});
  }
  std::string name = expect_name("a name or a number after '.'");
  return make(line, AttributeNode{std::move(object), std::move(name)});
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr object) {
  const int line = take().line;
  ExpressionPtr start;
  if (!is_operator(":")) {
    start = parse_tuple();
    if (skip_operator("]")) return make(line, ItemNode{std::move(object), std::move(start)});
  }
  expect_operator(":");
  ExpressionPtr stop, step;
  if (!is_operator(":") && !is_operator("]")) stop = parse_expression();
  if (skip_operator(":") && !is_operator("]")) step = parse_expression();
  expect_operator("]");
  return make(line, SliceNode{std::move(object), std::move(start), std::move(stop), std::move(step)});
}

ArgumentNodes ExpressionParser::parse_arguments() {
  const Level level(*this);
  ArgumentNodes arguments;
  expect_operator("(");
  bool has_named = false;
  while (!is_operator(")")) {
    if (!arguments.empty()) expect_operator(",");
    if (is_operator(")")) break;
    ArgumentNode argument;
    if (skip_operator("*")) {
      argument.unpack = Unpack::kList;
    } else if (skip_operator("**")) {
      argument.unpack = Unpack::kDict;
      has_named = true;
    } else if (current().kind == TokenKind::kName && next().kind == TokenKind::kOperator && next().text == "=") {
      argument.name = take().text;
      take();
      has_named = true;
    } else if (has_named) {
      fail("a positional argument follows a named one");
    }
    argument.value = parse_expression();
    arguments.push_back(std::move(argument));
  }
  expect_operator(")");
  return arguments;
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr callee) {
  const int line = current().line;
  ArgumentNodes arguments = parse_arguments();
  return make(line, CallNode{std::move(callee), std::move(arguments)});
}

std::string ExpressionParser::parse_dotted_name(std::string_view description) {
  std::string name = expect_name(description);
  while (skip_operator(".")) name += "." + expect_name(description);
  return name;
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr input, bool first_without_bar) {
  bool has_bar = first_without_bar;
  while (has_bar || skip_operator("|")) {
    has_bar = false;
    FilterNode node;
    const int line = current().line;
    node.name = parse_dotted_name("the name of a filter");
    if (conditional_depth_ == 0 && find_filter(node.name) == nullptr) {
      fail_at(line, "unknown filter '" + node.name + "'");
    }
    if (is_operator("(")) node.arguments = parse_arguments();
    node.input = std::move(input);
    input = make(line, std::move(node));
  }
  return input;
}

ExpressionPtr ExpressionParser::parse_filters_tests_calls(ExpressionPtr input) {
  for (;;) {
    if (is_operator("|")) {
      input = parse_filters(std::move(input), false);
    } else if (is_name("is")) {
      input = parse_test(std::move(input));
    } else if (is_operator("(")) {
      input = parse_call(std::move(input));
    } else {
      return input;
    }
  }
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr input) {
  const int line = take().line;
  const bool is_negated = skip_name("not");
  TestNode node;
  node.name = parse_dotted_name("the name of a test");
  if (conditional_depth_ == 0 && find_test(node.name) == nullptr) fail_at(line, "unknown test '" + node.name + "'");
  const TokenKind kind = current().kind;
  const bool begins_value = kind == TokenKind::kName || kind == TokenKind::kString || kind == TokenKind::kInteger ||
                            kind == TokenKind::kReal || is_operator("[") || is_operator("{");
  if (is_operator("(")) {
    node.arguments = parse_arguments();
  } else if (begins_value && !is_name("else") && !is_name("or") && !is_name("and")) {
    if (is_name("is")) fail("tests with 'is' cannot be chained");
    ArgumentNode argument;
    argument.value = parse_postfix(parse_primary());
    node.arguments.push_back(std::move(argument));
  }
  node.input = std::move(input);
  ExpressionPtr test = make(line, std::move(node));
  return is_negated ? make(line, UnaryNode{UnaryOperator::kNot, std::move(test)}) : std::move(test);
}

Target ExpressionParser::parse_single_target() {
  const Level level(*this);
  if (skip_operator("(")) {
    Target target = parse_target(")");
    expect_operator(")");
    return target;
  }
  Target target;
  target.name = expect_name("a name to assign to");
  if (target.name == "true" || target.name == "false" || target.name == "none" || target.name == "True" ||
      target.name == "False" || target.name == "None") {
    fail("cannot assign to '" + target.name + "'");
  }
  if (skip_operator(".")) target.attribute = expect_name("the name of an attribute");
  return target;
}

Target ExpressionParser::parse_target(std::string_view end_name) {
  Target first = parse_single_target();
  if (!is_operator(",")) return first;
  Target target;
  target.is_tuple = true;
  target.parts.push_back(std::move(first));
  while (skip_operator(",")) {
    if (is_name(end_name) || is_operator("=") || is_operator(")") || current().kind == TokenKind::kBlockEnd) break;
    target.parts.push_back(parse_single_target());
  }
  return target;
}

}  // namespace wedlm::jinja
