#include "wedlm/text/jinja/parser.h"

#include <initializer_list>

#include "wedlm/text/jinja/expression_parser.h"

namespace wedlm::jinja {
namespace {

class Parser final : ExpressionParser {
 public:
  Parser(std::vector<Token> tokens, std::string_view what) : ExpressionParser(std::move(tokens), what) {}

  Body run() {
    Body body = parse_body({}, "", 1);
    if (current().kind != TokenKind::kEnd) fail("unexpected " + describe_current());
    return body;
  }

 private:
  /// Statements up to a tag whose name is one of `ends`, of which the name is the current token then.
  Body parse_body(std::initializer_list<std::string_view> ends, std::string_view opener, int opener_line) {
    Body body;
    for (;;) {
      const int line = current().line;
      switch (current().kind) {
        case TokenKind::kText:
          body.push_back({line, TextStatement{take().text}});
          break;
        case TokenKind::kPrintBegin:
          take();
          body.push_back({line, PrintStatement{parse_tuple()}});
          expect(TokenKind::kPrintEnd, "'}}'");
          break;
        case TokenKind::kBlockBegin: {
          take();
          if (current().kind != TokenKind::kName) fail("expected the name of a tag, got " + describe_current());
          for (const std::string_view end : ends) {
            if (is_name(end)) return body;
          }
          Statement statement = parse_statement();
          statement.line = line;
          body.push_back(std::move(statement));
          expect(TokenKind::kBlockEnd, "'%}'");
          break;
        }
        default:
          if (ends.size() > 0) {
            fail_at(opener_line, "the tag '" + std::string(opener) + "' is never closed: no '" +
                                     std::string(*(ends.end() - 1)) + "' follows");
          }
          return body;
      }
    }
  }

  /// The body of a tag: from the end of the tag to an end tag, whose name is taken.
  Body parse_block(std::initializer_list<std::string_view> ends, std::string_view opener, std::string* end = nullptr) {
    const Level level(*this);
    const int line = current().line;
    skip_operator(":");
    expect(TokenKind::kBlockEnd, "'%}'");
    Body body = parse_body(ends, opener, line);
    const std::string name = take().text;
    if (end != nullptr) *end = name;
    return body;
  }

  Statement parse_statement() {
    const int line = current().line;
    const std::string tag = take().text;
    if (tag == "for") return {line, parse_for()};
    if (tag == "if") return {line, parse_if()};
    if (tag == "set") return parse_set(line);
    if (tag == "macro") return {line, parse_macro()};
    if (tag == "call") return {line, parse_call_block()};
    if (tag == "filter") return {line, parse_filter_block()};
    if (tag == "with") return {line, parse_with()};
    if (tag == "generation") return {line, WithStatement{{}, parse_block({"endgeneration"}, tag)}};
    if (tag == "print") return {line, PrintStatement{parse_tuple()}};
    if (tag == "break" || tag == "continue") {
      if (loop_depth_ == 0) fail_at(line, "'" + tag + "' stands outside of a loop");
      if (tag == "break") return {line, BreakStatement{}};
      return {line, ContinueStatement{}};
    }
    if (tag.starts_with("end") || tag == "else" || tag == "elif") {
      fail_at(line, "'" + tag + "' closes nothing that is open here");
    }
    fail_at(line, "unknown tag '" + tag + "'");
  }

  ForStatement parse_for() {
    ForStatement node;
    node.target = parse_target("in");
    if (!skip_name("in")) fail("expected 'in', got " + describe_current());
    node.iterable = parse_tuple(Condition::kNotAllowed, "recursive");
    if (skip_name("if")) node.condition = parse_expression();
    if (is_name("recursive")) fail("recursive loops are not supported");
    std::string end;
    ++loop_depth_;
    node.body = parse_block({"else", "endfor"}, "for", &end);
    --loop_depth_;
    if (end == "else") node.otherwise = parse_block({"endfor"}, "else");
    return node;
  }

  IfStatement parse_if() {
    IfStatement node;
    ++conditional_depth_;
    std::string end = "elif";
    while (end == "elif") {
      ExpressionPtr condition = parse_tuple(Condition::kNotAllowed);
      Body body = parse_block({"elif", "else", "endif"}, node.branches.empty() ? "if" : "elif", &end);
      node.branches.emplace_back(std::move(condition), std::move(body));
    }
    if (end == "else") node.otherwise = parse_block({"endif"}, "else");
    --conditional_depth_;
    return node;
  }

  Statement parse_set(int line) {
    Target target = parse_target("");
    if (skip_operator("=")) return {line, SetStatement{std::move(target), parse_tuple()}};
    if (target.is_tuple) fail("expected '=', got " + describe_current());
    SetBlockStatement node;
    node.target = std::move(target);
    if (is_operator("|")) node.filters = parse_filters(block_text(), false);
    node.body = parse_block({"endset"}, "set");
    return {line, std::move(node)};
  }

  ExpressionPtr block_text() const {
    auto expression = std::make_unique<Expression>();
    expression->line = current().line;
    expression->node = BlockTextNode{};
    return expression;
  }

  void parse_parameters(Callee& callee) {
    expect_operator("(");
    while (!is_operator(")")) {
      if (!callee.parameters.empty()) expect_operator(",");
      Parameter parameter;
      parameter.name = expect_name("the name of a parameter");
      if (skip_operator("=")) {
        parameter.otherwise = parse_expression();
      } else if (!callee.parameters.empty() && callee.parameters.back().otherwise != nullptr) {
        fail("a parameter without a default follows one with a default");
      }
      callee.parameters.push_back(std::move(parameter));
    }
    expect_operator(")");
  }

  void parse_callee_body(Callee& callee, std::string_view end, std::string_view opener) {
    std::set<std::string, std::less<>> outer_names;
    std::swap(names_read_, outer_names);
    const int outer_loops = std::exchange(loop_depth_, 0);
    callee.body = parse_block({end}, opener);
    loop_depth_ = outer_loops;
    callee.uses_caller = names_read_.contains("caller");
    callee.uses_varargs = names_read_.contains("varargs");
    callee.uses_kwargs = names_read_.contains("kwargs");
    names_read_.merge(outer_names);
  }

  MacroStatement parse_macro() {
    MacroStatement node;
    node.callee.name = expect_name("the name of the macro");
    parse_parameters(node.callee);
    parse_callee_body(node.callee, "endmacro", "macro");
    return node;
  }

  CallStatement parse_call_block() {
    CallStatement node;
    node.caller.name = "caller";
    if (is_operator("(")) parse_parameters(node.caller);
    node.call = parse_expression();
    if (!std::holds_alternative<CallNode>(node.call->node)) fail("expected a call, as in '{% call name() %}'");
    parse_callee_body(node.caller, "endcall", "call");
    return node;
  }

  FilterStatement parse_filter_block() {
    FilterStatement node;
    node.filters = parse_filters(block_text(), true);
    node.body = parse_block({"endfilter"}, "filter");
    return node;
  }

  WithStatement parse_with() {
    WithStatement node;
    while (current().kind != TokenKind::kBlockEnd) {
      if (!node.variables.empty()) expect_operator(",");
      Target target = parse_target("");
      expect_operator("=");
      ExpressionPtr value = parse_expression();
      node.variables.emplace_back(std::move(target), std::move(value));
    }
    node.body = parse_block({"endwith"}, "with");
    return node;
  }

  int loop_depth_ = 0;
};

}  // namespace

Body parse(std::string_view source, std::string_view what) {
  if (source.size() > kMaxTemplateBytes) {
    throw_at(what, 1,
             "a template of " + std::to_string(source.size()) + " bytes is longer than the limit of " +
                 std::to_string(kMaxTemplateBytes));
  }
  return Parser(tokenize(source, what), what).run();
}

}  // namespace wedlm::jinja
