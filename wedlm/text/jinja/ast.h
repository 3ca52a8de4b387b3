// The tree of a template. The parser makes it, the interpreter walks it; nothing changes it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/value.h"

namespace wedlm::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;
struct Statement;
using Body = std::vector<Statement>;

enum class Unpack { kNo, kList, kDict };  // f(x), f(*x), f(**x)

struct ArgumentNode {
  std::string name;  // empty where it is positional
  Unpack unpack = Unpack::kNo;
  ExpressionPtr value;
};
using ArgumentNodes = std::vector<ArgumentNode>;

struct LiteralNode {
  Value value;
};
struct NameNode {
  std::string name;
};
struct SequenceNode {
  std::vector<ExpressionPtr> items;
  bool is_tuple = false;
};
struct DictNode {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};
enum class UnaryOperator { kNot, kMinus, kPlus };
struct UnaryNode {
  UnaryOperator op;
  ExpressionPtr operand;
};
struct BinaryNode {
  BinaryOperator op;
  ExpressionPtr left, right;
};
enum class LogicalOperator { kAnd, kOr };
struct LogicalNode {
  LogicalOperator op;
  ExpressionPtr left, right;
};
struct ConcatNode {  // a ~ b ~ c
  std::vector<ExpressionPtr> operands;
};
struct CompareNode {  // a < b < c
  ExpressionPtr first;
  std::vector<std::pair<CompareOperator, ExpressionPtr>> rest;
};
struct ConditionalNode {  // yes if condition else no; `no` may be absent
  ExpressionPtr condition, yes, no;
};
struct AttributeNode {
  ExpressionPtr object;
  std::string name;
};
struct ItemNode {
  ExpressionPtr object, key;
};
struct SliceNode {  // absent parts are null
  ExpressionPtr object, start, stop, step;
};
struct CallNode {
  ExpressionPtr callee;
  ArgumentNodes arguments;
};
struct FilterNode {
  ExpressionPtr input;
  std::string name;
  ArgumentNodes arguments;
};
struct TestNode {
  ExpressionPtr input;
  std::string name;
  ArgumentNodes arguments;
};
struct BlockTextNode {};  // what a filter block or a block set hands to its first filter

struct Expression {
  int line = 0;
  int depth = 1;  // levels of expressions, which bounds the recursion of all that walks it
  std::variant<LiteralNode, NameNode, SequenceNode, DictNode, UnaryNode, BinaryNode, LogicalNode, ConcatNode,
               CompareNode, ConditionalNode, AttributeNode, ItemNode, SliceNode, CallNode, FilterNode, TestNode,
               BlockTextNode>
      node;
};

/// What an assignment stores to: a name, an attribute of a namespace, or several of these.
struct Target {
  std::string name;
  std::string attribute;      // of namespace `name`; empty for a name
  std::vector<Target> parts;  // a tuple, where `is_tuple`
  bool is_tuple = false;
};

struct Parameter {
  std::string name;
  ExpressionPtr otherwise;  // null: none
};

/// Parameters and body of a macro or of a call block.
struct Callee {
  std::string name;
  std::vector<Parameter> parameters;
  bool uses_caller = false, uses_varargs = false, uses_kwargs = false;
  Body body;
};

struct TextStatement {
  std::string text;
};
struct PrintStatement {
  ExpressionPtr value;
};
struct ForStatement {
  Target target;
  ExpressionPtr iterable;
  ExpressionPtr condition;  // null: none
  Body body, otherwise;
};
struct IfStatement {
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};
struct SetStatement {
  Target target;
  ExpressionPtr value;
};
struct SetBlockStatement {
  Target target;
  ExpressionPtr filters;  // null: none
  Body body;
};
struct MacroStatement {
  Callee callee;
};
struct CallStatement {
  Callee caller;
  ExpressionPtr call;  // a CallNode
};
struct FilterStatement {
  ExpressionPtr filters;
  Body body;
};
struct WithStatement {
  std::vector<std::pair<Target, ExpressionPtr>> variables;
  Body body;  // also that of a generation block, which has no variables
};
struct BreakStatement {};
struct ContinueStatement {};

struct Statement {
  int line = 0;
  std::variant<TextStatement, PrintStatement, ForStatement, IfStatement, SetStatement, SetBlockStatement,
               MacroStatement, CallStatement, FilterStatement, WithStatement, BreakStatement, ContinueStatement>
      node;
};

}  // namespace wedlm::jinja
