// Expressions out of tokens, by recursive descent; the base of the parser of statements, which shares its place in the
// token stream and its bound on nesting.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/text/jinja/ast.h"
#include "wedlm/text/jinja/lexer.h"

namespace wedlm::jinja {

class ExpressionParser {
 protected:
  ExpressionParser(std::vector<Token> tokens, std::string_view what) : tokens_(std::move(tokens)), what_(what) {}

  enum class Condition { kAllowed, kNotAllowed };  // whether "a if b else c" may stand there without parentheses

  ExpressionPtr parse_expression(Condition condition = Condition::kAllowed);
  /// One expression, or several with commas between them, which make a tuple. `end_name` may end it ("in").
  ExpressionPtr parse_tuple(Condition condition = Condition::kAllowed, std::string_view end_name = {});
  /// The filters that follow: "| a | b(1)". In a block tag the first one has no bar.
  ExpressionPtr parse_filters(ExpressionPtr input, bool first_without_bar);
  Target parse_target(std::string_view end_name);
  Target parse_single_target();

  const Token& current() const { return tokens_[position_]; }
  const Token& next() const { return tokens_[std::min(position_ + 1, tokens_.size() - 1)]; }
  bool is_name(std::string_view text) const { return current().kind == TokenKind::kName && current().text == text; }
  bool is_operator(std::string_view text) const {
    return current().kind == TokenKind::kOperator && current().text == text;
  }
  Token take();
  bool skip_name(std::string_view text);
  bool skip_operator(std::string_view text);
  void expect_operator(std::string_view text);
  void expect(TokenKind kind, std::string_view description);
  std::string expect_name(std::string_view description);
  std::string describe_current() const;
  [[noreturn]] void fail(std::string_view message) const { throw_at(what_, current().line, message); }
  [[noreturn]] void fail_at(int line, std::string_view message) const { throw_at(what_, line, message); }

  /// Counts one level of nesting for as long as it lives.
  class Level {
   public:
    explicit Level(ExpressionParser& parser);
    ~Level() { --parser_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };

  std::set<std::string, std::less<>> names_read_;  // since a macro began: it may read caller, varargs and kwargs
  int conditional_depth_ = 0;  // inside of an if, an unknown filter or test fails only when it is reached, as in Jinja

 private:
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concat();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary(bool with_filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_postfix(ExpressionPtr object);
  ExpressionPtr parse_subscript(ExpressionPtr object);
  ExpressionPtr parse_dotted(ExpressionPtr object);
  ExpressionPtr parse_filters_tests_calls(ExpressionPtr input);
  ExpressionPtr parse_test(ExpressionPtr input);
  ExpressionPtr parse_call(ExpressionPtr callee);
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_binary(ExpressionPtr (ExpressionParser::*parse_operand)(),
                             std::initializer_list<std::pair<std::string_view, BinaryOperator>> operators);
  ExpressionPtr parse_logical(ExpressionPtr (ExpressionParser::*parse_operand)(), std::string_view word,
                              LogicalOperator op);
  ArgumentNodes parse_arguments();
  std::string parse_dotted_name(std::string_view description);
  bool ends_tuple(std::string_view end_name) const;

  template <class Node>
  ExpressionPtr make(int line, Node node) {
    auto expression = std::make_unique<Expression>();
    expression->line = line;
    expression->node = std::move(node);
    return with_depth(std::move(expression));
  }
  ExpressionPtr with_depth(ExpressionPtr expression) const;

  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  int nesting_ = 0;

 protected:
  std::string_view what_;
};

}  // namespace wedlm::jinja
