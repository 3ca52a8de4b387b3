// What a template may not do: constructs that are not known, and the limits that keep a hostile one from using up time,
// stack or memory. Each message names the template, the line and the thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "wedlm/base/error.h"
#include "wedlm/text/chat_template.h"

namespace wedlm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The message of the error that rendering `source` ends in.
std::string error_of(const std::string& source) {
  try {
    ChatTemplate(source, "t").render(Json::object({{"xs", Json::Array{1, 2}}}));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "no error";
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(ChatTemplateErrorsTest, NamesLineAndConstruct) {
  EXPECT_EQ(error_of("a\nb\n{{ xs | frobnicate }}"), "t line 3: unknown filter 'frobnicate'");
  EXPECT_EQ(error_of("{{ xs is frobnicated }}"), "t line 1: unknown test 'frobnicated'");
  EXPECT_EQ(error_of("\n{% include 'x' %}"), "t line 2: unknown tag 'include'");
  EXPECT_EQ(error_of("\n\n{{ 'a'.frobnicate() }}"), "t line 3: 'str object' has no attribute 'frobnicate'");
  EXPECT_EQ(error_of("{{ frobnicate() }}"), "t line 1: 'frobnicate' is undefined");
  EXPECT_EQ(error_of("x\n{% if xs %}\n\ny"), "t line 2: the tag 'if' is never closed: no 'endif' follows");
  EXPECT_EQ(error_of("{% for x in xs recursive %}{% endfor %}"), "t line 1: recursive loops are not supported");
  EXPECT_EQ(error_of("{% break %}"), "t line 1: 'break' stands outside of a loop");
  EXPECT_EQ(error_of("{{ xs.append(3) }}"), "t line 1: access to attribute 'append' of 'list' object is unsafe.");
  EXPECT_EQ(error_of("{{ 'a' + 1 }}"), "t line 1: can only concatenate str (not \"int\") to str");
  EXPECT_EQ(error_of("{% macro m() %}\n\n{{ none.x.y }}{% endmacro %}\n{{ m() }}"),
            "t line 3: 'None' has no attribute 'x'");
  EXPECT_EQ(error_of("{{ 9223372036854775807 + 1 }}"), "t line 1: an integer does not fit 64 bits");
}

TEST(ChatTemplateErrorsTest, RaiseExceptionGivesItsMessage) {
  EXPECT_EQ(error_of("{% for x in xs %}{{ raise_exception('Roles must alternate: ' ~ x) }}{% endfor %}"),
            "t: Roles must alternate: 1");
}

TEST(ChatTemplateErrorsTest, NestingOfTheTextIsBounded) {
  constexpr int kDeep = 20'000;
  EXPECT_THAT(error_of("{{ " + repeated("(", 100'000) + "1" + repeated(")", 100'000) + " }}"),
              HasSubstr("deeper than the limit of 200"));
  for (const std::string& source :
       {"{{ " + repeated("(", kDeep) + "1" + repeated(")", kDeep) + " }}",
        "{{ " + repeated("[", kDeep) + repeated("]", kDeep) + " }}",
        "{{ " + repeated("{1:", kDeep) + "1" + repeated("}", kDeep) + " }}", "{{ " + repeated("not ", kDeep) + "1 }}",
        "{{ " + repeated("-", kDeep) + "1 }}", "{{ 1" + repeated(" + 1", kDeep) + " }}",
        "{{ xs" + repeated("[0]", kDeep) + " }}", "{{ xs" + repeated("|list", kDeep) + " }}",
        "{{ xs" + repeated("()", kDeep) + " }}", "{{ 1" + repeated(" if 1 else 1", kDeep) + " }}",
        "{{ " + repeated("f(", kDeep) + repeated(")", kDeep) + " }}", repeated("{% if 1 %}", kDeep),
        repeated("{% for x in xs %}", kDeep), "{% set " + repeated("(", kDeep) + "a" + repeated(")", kDeep) + " = 1 %}",
        "{{ " + repeated("[", 150) + "1" + repeated(repeated("+1", 150) + "]", 150) + " }}"}) {
    EXPECT_THAT(error_of(source), AllOf(StartsWith("t line 1: "), HasSubstr("deeper than the limit of 200")))
        << source.substr(0, 40);
  }
}

TEST(ChatTemplateErrorsTest, NestingOfTheRenderingIsBounded) {
  EXPECT_THAT(error_of("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}"),
              HasSubstr("deeper than the limit of 800"));
  EXPECT_THAT(error_of("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"),
              HasSubstr("deeper than the limit"));
  EXPECT_THAT(error_of("{% macro m() %}{{ caller }}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}"),
              HasSubstr("deeper than the limit"));
  EXPECT_THAT(error_of("{% macro m(x=m()) %}{% endmacro %}{{ m() }}"), HasSubstr("deeper than the limit"));
  const std::string wrap = "{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}";
  EXPECT_THAT(error_of("{% set ns = namespace(x=1) %}" + wrap + "{{ ns.x }}"),
              HasSubstr("deeper than the limit of 200"));
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}"), HasSubstr("deeper than the limit"));
  EXPECT_THAT(error_of("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns|tojson }}"),
              HasSubstr("not JSON serializable"));
}

TEST(ChatTemplateErrorsTest, NumberOfStepsIsBounded) {
  const std::string loop = "{% for i in range(100000) %}";
  const std::string end = "{% endfor %}";
  EXPECT_THAT(error_of(loop + loop + loop + end + end + end), HasSubstr("limit of 10000000 steps"));
  EXPECT_THAT(error_of("{{ ([0] * 1000000) * 1000000 }}"), HasSubstr("limit of 10000000"));
  EXPECT_THAT(error_of("{{ range(100001) }}"), HasSubstr("range is longer than the limit of 100000 items"));
  EXPECT_THAT(error_of("{{ range(10 ** 18) }}"), HasSubstr("limit of 100000 items"));
  const std::string long_list = "{% set l = range(100000) %}{% set d = dict(l|map('string')|batch(2)) %}";
  for (const char* going_over :
       {"l + l", "l[1:]", "l|reverse", "l|list", "l|join", "dict(d)", "d.items()", "d.values()", "7.5 in l"}) {
    EXPECT_THAT(error_of(long_list + loop + "{% if " + going_over + " %}{% endif %}" + end),
                HasSubstr("limit of 10000000 steps"))
        << going_over;
  }
  // A list that holds itself twice, forty times over, is small; what compares or writes it is not.
  const std::string doubling =
      "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}"
      "{% set ns.y = [ns.y, ns.y] %}{% endfor %}";
  EXPECT_THAT(error_of(doubling + "{{ ns.x == ns.y }}"), HasSubstr("limit of 10000000 steps"));
  EXPECT_THAT(error_of(doubling + "{{ ns.x }}"), HasSubstr("limit of"));
  EXPECT_THAT(error_of("{% set ns = namespace(x=(1,)) %}{% for i in range(40) %}{% set ns.x = (ns.x, ns.x) %}"
                       "{% endfor %}{{ {ns.x: 1} }}"),
              HasSubstr("longer than the limit"));
}

TEST(ChatTemplateErrorsTest, SizeOfTextsIsBounded) {
  for (const std::string expression :
       {"'a' * 10**9", "'ab' * 9223372036854775807", "'a'|center(10**9)", "'a'.ljust(10**12)", "'a'.zfill(10**10)",
        "('a' * 10**5)|replace('a', 'b' * 10**4)", "('a' * 10**5).replace('', 'b' * 10**4)",
        "('\\n' * 10**5)|indent(10**4, blank=true)", "('a' * 10**4)|list|join('a' * 10**4)",
        "('a' * 10**4).join([''] * 10**5)", "xs|tojson(indent=10**9)"}) {
    EXPECT_THAT(error_of("{{ " + expression + " }}"), HasSubstr("limit of")) << expression;
  }
  EXPECT_THAT(error_of("{{ '%999999999d' % 1 }}"), HasSubstr("limit of"));
  EXPECT_THAT(error_of("{{ '{:999999999}'.format(1) }}"), HasSubstr("limit of"));
  EXPECT_THAT(error_of("{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}"
                       "{% endfor %}"),
              HasSubstr("limit of 67108864 bytes"));
  EXPECT_THAT(error_of("{% set x = 'a' * 10**6 %}{% for i in range(1000) %}{{ x }}{% endfor %}"),
              HasSubstr("limit of 67108864 bytes"));
  EXPECT_THAT(error_of("{% set x = 'a' * 10**7 %}{% for i in range(1000) %}{% set y = x ~ '' %}{% endfor %}"),
              HasSubstr("limit of 536870912 bytes"));
  // What is read is charged where nothing comes of it.
  const std::string many =
      "{% set x = 'a' * 10**7 %}{% set d = {'a': 1} %}{% set f = x.count %}{% for i in range(100000) %}";
  for (const char* reading :
       {"d[x]", "x in d", "d.get(x)", "f('b')", "x is upper", "x is sameas(x)", "x|length", "x.count('b')", "xs[x]"}) {
    EXPECT_THAT(error_of(many + "{% if " + reading + " %}{% endif %}{% endfor %}"),
                HasSubstr("limit of 536870912 bytes"))
        << reading;
  }
  EXPECT_THAT(error_of(std::string((4 << 20) + 1, 'a')), HasSubstr("longer than the limit of 4194304"));
}

}  // namespace
}  // namespace wedlm
