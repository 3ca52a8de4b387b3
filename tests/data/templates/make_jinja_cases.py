"""Writes jinja_cases.json: templates, variables, and what Jinja2 makes of them, set up as Hugging Face's
apply_chat_template does. Run in this folder, with jinja2 (3.1) installed:  python3 make_jinja_cases.py

A case has "expected" (the rendering), or "refused" (the message of raise_exception), or "error" (true: Jinja2 fails).
"""

import datetime
import json

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("pass_through"), [], [], body).set_lineno(line)

    def pass_through(self, caller):
        return caller()


class Refused(Exception):
    pass


def raise_exception(message):
    raise Refused(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
)
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda format: datetime.datetime.now().strftime(format)

V = {
    "n": 7, "zero": 0, "neg": -3, "f": 2.5, "big": 1e16, "small": 1e-05, "t": True, "no": None, "s": "Hello World",
    "empty": "", "uni": "Grüße, Жизнь 😀", "xs": [3, 1, 2], "words": ["pear", "Apple", "fig", "apple"],
    "d": {"b": 1, "a": [1, "x", None], "C": {"k": True}}, "nested": [[1, 2], [3, 4]],
    "people": [{"name": "Ann", "age": 30, "tags": ["x"]}, {"name": "bob", "age": 25, "tags": []},
               {"name": "Cid", "age": 30}],
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                 {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello"}, {"role": "user", "content": "Bye"}],
    "quote": "it's \"q\" \\ \n\t\x01é\u200b", "items": [1], "lines": "a\n b\n\n  c\n",
    "cases": ["Straße ŉ", "ΌΣΟΣ ΣΑΣ. Σ", "ﬁn ǆ ǅ Ǆ", "ᾳ ᾼ ᾷ", "İstanbul ı", "ⅳ Ⅳ ⓐ Ⓐ ª", "ΐ ΰ և", "a'b c-d (e f\u0345", "² ½ 一 १ ①", "\u1e9e ſ K Å"],
    "html": ["<b>a</b>  b", "<!-- x > y -->z", "<!-->-->a", "a < b > c", "<!-- open <b>x</b>", "&lt;i&gt; &amp;amp; &#39;&#x41;&#0;&#128;",
             "&notit; &copy &bogus; &NotEqualTilde; &ampx", " \u00a0a\u2003\n b\x1f ", "<<a>>", "a&#1114112;&#xD800;&#11;"],
    "breaks": "a\rb\r\n\u2028c\x0b\n\nd\te\tf", "minus_zero": -0.0,
}

# Each line is one expression, printed.
EXPRESSIONS = r"""
cases | map('upper') | list
cases | map('lower') | list
cases | map('title') | list
cases | map('capitalize') | list
cases | select('upper') | list
cases | select('lower') | list
cases | sort
cases | join(' ') | title
(cases | join(' ')).title()
(cases | join(' ')).capitalize()
(cases | join(' ')).swapcase()
(cases | join(' ')).casefold()
(cases | join(' ')).upper().istitle()
cases[5][:3].isupper()
cases[2][4:7].istitle()
cases[2][4:7].isupper()
cases[8][0].isdigit()
cases[8].split()[2].isnumeric()
cases[8].split()[2].isalnum()
cases[8].split()[1].isdigit()
html | map('striptags') | list
html | join | striptags
breaks | indent
breaks | indent(2, true, true)
breaks.splitlines()
breaks.splitlines(true)
breaks.expandtabs()
breaks.expandtabs(4)
breaks.isprintable()
[1, 2, 3, 4, 5, 6] | slice(3, 'z') | list
[1, 2, 3, 4, 5] | slice(3, 'z') | list
xs | first
xs | last
d | first
'ab' | last
[] | first
[] | last
minus_zero | round(1, 'ceil')
-25.0 // -430.5
-0.0 % 68.5
0.0 % -2
'café'.startswith('é', 3)
'café au'.endswith('é', 0, -3)
'éaéb'.find('é', 1)
'éaéb'.rfind('é', 0, 2)
'éaéb'.count('é', 1)
'éa'.find('', 5)
x is iterable
n is iterable
s is iterable
d is iterable
1 + 2 * 3 - 4
7 / 2
7 // 2
-7 // 2
-7 % 3
7 % -3
7.5 // 2
-7.5 % 2
2 ** 10
2 ** -1
2 ** 3 ** 2
-2 ** 2
1 / 4 + 0.1
0.1 + 0.2
1e3
1.5e-7
12345678901234567.0
1_000 + 0x1F + 0b11 + 0o17
big
small
big * 10
f
3.0
100000.0 * 10
t + 1
true and 0
0 or 'x'
not t
not (n > 3)
n > 3 and n < 10
1 < n < 10
1 < n > 10
n == 7.0
'a' < 'b'
[1, 2] < [1, 3]
(1, 2) == (1, 2)
[1] == (1,)
{'a': 1} == {'a': 1.0}
1 in xs
9 not in xs
'ell' in s
'a' in d
'zz' in d
'x' in missing
'a' 'b' "c"
'a' ~ 1 ~ none ~ 2.0 ~ true ~ missing
'ab' * 3
3 * 'ab'
[0] * 3
[1] + [2]
(1,) + (2,)
'a' if n else 'b'
'a' if zero else 'b'
'a' if zero
('x' if zero else 'y') ~ 'z'
[]
()
(1,)
{}
[1, 'a', none, true, 2.5, [1], {'k': 'v'}, (1, 2)]
{'a': 1, 'b': [2], 3: 'c', none: 4}
['it\'s', "q\"", 'both \' and "', 'tab\t nl\n cr\r bs\\ é \x01 \u200b 😀']
quote
[quote]
uni
[uni]
d
no
t
missing
s[0]
s[-1]
s[1:4]
s[::-1]
s[::2]
s[-3:]
s[:-3]
s[100]
s[100:]
uni[0:3]
uni[-1]
uni[::-1]
uni|length
xs[0]
xs[-1]
xs[5]
xs[::-1]
xs[1:]
xs[:2]
xs[-1:0:-1]
xs[10:0:-3]
xs[none:2]
xs.0
nested.1.0
d.b
d['b']
d['a'][1]
d.C.k
d.missing
d.items()|list
d.keys()|list
d.values()|list
d.get('b')
d.get('zz')
d.get('zz', 'dflt')
{'items': 5}['items']
{'items': 5, 'x': 1}.x
people[0].name
people|length
messages[0]['role']
s.upper()
s.lower()
s.title()
'hello wORLD'.capitalize()
s.swapcase()
s.startswith('Hell')
s.startswith(('x', 'H'))
s.endswith('ld')
s.endswith('zz')
s.startswith('lo', 3)
'  x y  '.strip() ~ '|'
'  x y  '.lstrip() ~ '|'
'  x y  '.rstrip() ~ '|'
'xxaxx'.strip('x')
'xyaxy'.lstrip('yx')
'\n\nab\n'.strip('\n')
'a,b,c'.split(',')
'a,b,c'.split(',', 1)
'a b  c '.split()
' a  b  c '.split(none, 1)
' a  b  c '.rsplit(none, 1)
'a,b,c'.rsplit(',', 1)
'a,b,c'.split(sep=',', maxsplit=1)
'a--b'.split('--')[-1]
''.split(',')
''.split()
'a\nb\r\nc\n'.splitlines()
'a\nb'.splitlines(true)
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('x')
'abc'.rpartition('x')
'aXbX'.replace('X', '-')
'aXbX'.replace('X', '-', 1)
'abc'.replace('', '-')
'abc'.find('c')
'abc'.find('z')
'éabca'.rfind('a')
'abab'.count('ab')
'abc'.index('b')
'-'.join(['a', 'b'])
', '.join(words)
'abc'.removeprefix('a').removesuffix('c')
'ab'.ljust(4) ~ '|'
'ab'.rjust(4, '*')
'ab'.center(5, '*')
'abc'.center(6, '*')
'-5'.zfill(4)
'{} and {}'.format(1, 'x')
'{0}{1}{0}'.format('a', 'b')
'{name!r:>6}|{n:03d}'.format(name='x', n=5)
'{:.2f} {:,} {:%} {:e}'.format(3.14159, 1234567, 0.25, 12345.678)
'{:<5}|{:^5}|{:>5}|{:*^7}'.format('a', 'b', 'c', 'd')
'{:x} {:#x} {:b} {:o} {:X}'.format(255, 255, 5, 8, 255)
'{a[k]} {b.x}'.format(a={'k': 1}, b={'x': 2})
'{{}}'.format()
'{:+d} {: d}'.format(5, 5)
'%s is %d' % ('x', 5)
'%s' % 5
'%05.1f|%-5s|%5s|%x|%%' % (3.14159, 'ab', 'cd', 255)
'%(a)s %(b)03d' % {'a': 1, 'b': 2}
'%r' % 'x'
'%s' % [1, 2]
'%+d % d' % (3, 4)
'%.3s' % 'abcdef'
'%e %g %G' % (12345.678, 0.00001234, 1e20)
'123'.isdigit()
'12a'.isdigit()
'abc'.isalpha()
'ab1'.isalnum()
' \t'.isspace()
'ABC'.isupper()
'abc1'.islower()
''.isdigit()
'Hello World'.istitle()
xs.index(2)
[1, 1, 2].count(1)
(1, 2).index(2)
-5|abs
-5.5|abs
-1|abs
n|abs + 1
xs|first
xs|last
[]|first
[]|last
missing|first
xs|length
d|length
missing|length
xs|count
s|length
xs|join(',')
xs|join
people|join(', ', attribute='name')
people|map(attribute='name')|join(', ')
people|map(attribute='zz', default='-')|join(', ')
people|map(attribute='tags.0')|list
words|map('upper')|list
words|map('replace', 'p', 'P')|list
xs|sort
xs|sort(reverse=true)
words|sort
words|sort(case_sensitive=true)
people|sort(attribute='age')|map(attribute='name')|list
people|sort(attribute='age,name')|map(attribute='name')|list
people|sort(attribute='name', reverse=true)|map(attribute='name')|list
d|dictsort
d|dictsort(true)
{'x': 2, 'y': 1}|dictsort(by='value')
{'x': 2, 'y': 1}|dictsort(false, 'key', true)
words|unique|list
words|unique(case_sensitive=true)|list
[1, 1.0, true, 2]|unique|list
xs|min
xs|max
words|min
words|max
people|max(attribute='age')
[]|min
xs|sum
people|sum(attribute='age')
xs|sum(start=10)
[1.5, 2]|sum
[1, 2, 3, 4, 5]|batch(2)|list
[1, 2, 3, 4, 5]|batch(2, 'x')|list
[1, 2, 3, 4, 5]|slice(3)|list
[1, 2, 3, 4, 5]|slice(3, 'x')|list
people|groupby('age')|map('first')|list
people|selectattr('age', 'equalto', 30)|map(attribute='name')|list
people|selectattr('age', '>', 26)|list|length
people|selectattr('tags')|map(attribute='name')|list
people|selectattr('tags', 'defined')|list|length
people|rejectattr('age', 'eq', 30)|map(attribute='name')|list
messages|selectattr('role', 'in', ['user', 'tool'])|list|length
messages|rejectattr('role', '==', 'user')|map(attribute='content')|list
[1, 2, 3, 4]|select('odd')|list
[1, 2, 3, 4]|reject('odd')|list
[0, 1, '', 'a', none]|select|list
[0, 1, '', 'a', none]|reject|list
[1, 2, 3, 4]|select('divisibleby', 2)|list
['a', 'b']|select('in', ['b'])|list
xs|list
s|list
d|list
'abc'|reverse
xs|reverse|list
missing|default('x')
missing|default
no|default('x')
no|default('x', true)
empty|d('x', boolean=true)
zero|default(5, true)
missing.foo|default('x')
d.zz|default('x')
s|upper
s|lower
n|upper
'hello wORLD foo-bar (baz)'|title
"it's"|title
'hello wORLD'|capitalize
'  x '|trim ~ '|'
'xxaxx'|trim('x')
5|trim
s|replace('World', 'X')
s|replace('l', 'L', 2)
'<a href="x">\'&'|escape
'<b>'|e
'<b>'|safe
'<b>'|forceescape
n|string + 'x'
[1]|string
'ab'|center(6) ~ '|'
lines|indent
lines|indent(2, true)
lines|indent(2, blank=true)
lines|indent('> ')
lines|indent(width=3, first=True)
'foo bar baz qux'|truncate(9)
'foo bar baz qux'|truncate(9, true)
'foo bar baz qux'|truncate(11)
'foo bar baz qux'|truncate(9, true, '..', 0)
'foo bar, baz'|wordcount
'<p>Hi <b>there</b></p>\n  <!-- x -->  end'|striptags
'a b/c?d=é&'|urlencode
{'a': 'b c', 'd': 1}|urlencode
'%s-%s'|format('a', 1)
'%(x)s'|format(x=5)
'42'|int
'42.9'|int
'x'|int
'x'|int(-1)
' 7 '|int
'0x1F'|int(0, 16)
'ff'|int(base=16)
3.99|int
-3.99|int
true|int
none|int
[]|int(5)
'1.5'|float
'x'|float
'x'|float(2.0)
3|float
'1e3'|float
2.5|round
3.5|round
2.675|round(2)
42|round
42.55|round(1, 'floor')
42.51|round(0, 'ceil')
42.4|round|int
1234|round(-2)
d|items|list
missing|items|list
d|attr('zz')
d|tojson
xs|tojson
quote|tojson
uni|tojson
uni|tojson(ensure_ascii=true)
d|tojson(indent=2)
d|tojson(indent=0)
[]|tojson(indent=2)
{}|tojson(indent=2)
d|tojson(separators=(',', ':'))
d|tojson(sort_keys=true)
[1.0, 1e16, 1e-7, 0.1, true, none]|tojson
{1: 'a', true: 'b', none: 'c', 2.5: 'd'}|tojson
(1, 2)|tojson
'</script>&\''|tojson
d|tojson(indent='\t')
missing is defined
n is defined
d.zz is defined
d.b is defined
missing is undefined
missing is not defined
no is none
no is not none
n is none
t is boolean
n is boolean
t is true
n is true
no is false
false is false
n is integer
t is integer
f is integer
f is float
n is float
n is number
t is number
s is number
s is string
n is string
d is mapping
xs is mapping
xs is sequence
s is sequence
d is sequence
n is sequence
xs is iterable
n is iterable
missing is iterable
range is callable
s is callable
n is odd
n is even
zero is even
n is divisibleby 7
n is divisibleby(2)
n is eq 7
n is equalto 7
n is ne 7
n is gt 3
n is ge 7
n is lt 3
n is le 7
n is greaterthan 3
n is lessthan 3
2 is in [1, 2]
'b' is in 'abc'
5 is not in [1, 2]
'abc' is lower
'ABC' is upper
'Abc' is lower
no is sameas none
n is sameas 7
'upper' is filter
'nope' is filter
'odd' is test
'<' is escaped
n is odd and t
not n is odd
n is odd or false
(n is string) ~ 1
range(3)|list
range(2, 8, 3)|list
range(5, 0, -2)|list
range(0)|list
dict(a=1, b=2)
dict([('a', 1)])
dict({'x': 1}, y=2)
dict(**d)|length
namespace(a=1).a
namespace(a=1).b
1, 2
1 if true
{'a': {'b': {'c': [1, {'d': 5}]}}}['a'].b['c'][1].d
[[1, 2], [3]]|map('length')|list
[[3, 1], [2]]|map('sort')|list
[[3, 1], [2]]|map('first')|sum
['a', 'b']|map('upper')|join('')|lower
xs|map('string')|join('+')
-n
+n
- f
'a' ~ 'b' + 'c'
1 + 2 ~ 3
2 * 3 ~ 4
(1 + 2)|string ~ 'x'
'%d%%' % 50
loop is defined
'x' in ['x', 'y'] and 'z' not in ['x']
none == missing
missing == missing2
missing != 1
0.1 == 0.1
1 == true
'1' == 1
'a' != 'b'
'é'.upper()
'ÀÉ'|lower
'жизнь'|capitalize
'\u00e9\x41\101\U0001F600'
'a\qb'
"nl\nx"
'line1\
line2'
messages|map(attribute='role')|list|last
messages[1:]|map(attribute='role')|join('>')
messages[::-1]|map(attribute='role')|join('>')
(messages|length) - 1
messages[-1].role == 'user'
messages[-1]['content']|trim
messages|first
strftime_now('%Y')|length
strftime_now('%d %b %Y')|length
"abc"|string|length
s.split(' ')|map('lower')|list
s.split(' ')[0][0]
(n, f)
((1))
[1,]
{'a': 1,}
f(1) if false else 'ok'
[1, 2, 3][1:][0]
'a,b'.split(',')|last
{'a': none}.a is none
{'a': none}.a is defined
d['a'] is string
d.a is sequence and d.a is not string and d.a is not mapping
1 is number and 1.0 is number
{}.get('x') is none
10 // 3 * 3 + 10 % 3
1 - -1
1 -1
xs [0]
'{}' ~ '}}' ~ '{%'
'x'.format is callable
'ß'|length
9007199254740993
1e400 > 1
5 is not none and 5 > 3
'a' is string is true
""
' '|trim == ''
"%.2f"|format(3.14159)
"%s"|format(none)
'abc'[1]
'abc'['x'] is defined
[] is defined and not []
not missing
not missing and not no
missing or 'fallback'
missing and 'x'
d.C == {'k': true}
d.keys()|sort|join
d.items()|map('first')|list
{'b': 1, 'a': 2}.items()|sort
people|map(attribute='age')|unique|list
people|groupby('age')|length
[('a', 1), ('b', 2)]|map('last')|list
'a-b_c d'|title
'FOO'.casefold()
lines.split('\n')|length
lines.splitlines()|length
lines.strip().split('\n')|map('trim')|list
'x' * 0
'x' * -1
[] * 5
'abc' > 'abd'
'Z' < 'a'
'a' == "a"
"é" == 'é'
1.5|string
1.0|string ~ 1e100|string
-0.0
1e22
123456789.123456789
1/3
2/1
1e15
0.0001
0.00001
"""

# Whole templates; each is rendered with V.
TEMPLATES = [
    "", "plain", "a\n", "a\n\n", "\n", "a\r\nb\rc\n", "{{ 'x' }}\n", "{% if t %}\nx\n{% endif %}\n",
    "{# c #}x", "a {#- c -#} b", "a\n  {# c #}\nb", "a {#+ c +#}\n b", "{#-#}x", "{# a {{ b }} {% c %} #}y",
    "  {% if t %}\n  x\n  {% endif %}\n  y", "  {%- if t -%}  x  {%- endif -%}  y", "a  {%+ if t +%}  \n x {% endif %}",
    "a\n  {%+ if t %}x{% endif %}", "a\n\n  {%- if t %}x{% endif %}", "x {% if t %} y {% endif %} z",
    "a\n    {{ n }}\nb", "a\n    {{- n }}\nb", "a {{- n -}}\n\n b", "{{+ n }}", "{{-1}}", "{{ -1 }}", "{{n}}{{n}}",
    "{% if t %}\n\nx{% endif %}", "{% if t -%}\n\n  x{% endif %}", "{% if t +%}\nx{% endif %}",
    "a{% if t %}b{% endif %}\nc", "\t {% if t %}x{% endif %}", "q \t {% if t %}x{% endif %}",
    "{{ n }}  {% if t %}x{% endif %}", "{{ n -}}\n  {% if t %}x{% endif %}", "{% if t %}{% endif %}\n  {% if t %}x{% endif %}",
    "{%if t%}x{%endif%}", "{%- if t -%}\nx\n{%- else -%}\ny\n{%- endif -%}", "{% raw %}{{ x }} {% y %}{% endraw %}",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b", "{% raw %}\n  x\n{% endraw %}\ny", "  {% raw %}a{% endraw %}",
    "{% raw %}a\n  {% endraw %}b", "{%raw%}{%endraw%}", "{% raw +%}x{% endraw %}", "a { b } % } {c",
    "{{ '}}' }}", "{{ \"%}\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a': 1}}}", "{{ '{{' }}", "{{\n n\n}}\n\nx",
    "{% for x in xs %}{{ x }},{% endfor %}", "{% for x in xs %}\n- {{ x }}\n{% endfor %}\nend",
    "{% for x in xs -%}\n  {{ x }}\n{%- endfor %}", "{% for x in [] %}a{% else %}none{% endfor %}",
    "{% for x in missing %}a{% else %}none{% endfor %}", "{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }} {% endfor %}",
    "{% for x in xs if x > 9 %}a{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}", "{% for c in 'héy' %}[{{ c }}]{% endfor %}",
    "{% for a, b in nested %}{{ a + b }} {% endfor %}", "{% for (a, b) in nested %}{{ a * b }} {% endfor %}",
    "{% for i, (a, b) in [(1, (2, 3))] %}{{ i }}{{ a }}{{ b }}{% endfor %}",
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
    "{% for x in xs %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
    "{% for x in xs %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}",
    "{% for x in xs %}{% for y in xs %}{{ loop.index }}{% endfor %}|{{ loop.index }} {% endfor %}",
    "{% for x in xs %}{% set outer = loop %}{% for y in [1, 2] %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for x in xs %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
    "{% for x in range(10) %}{% if x == 3 %}{% continue %}{% endif %}{% if x == 6 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{% if y == 1 %}{% break %}{% endif %}{{ y }}{% endfor %}.{% endfor %}",
    "{% for x in (1, 2) %}{{ x }}{% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}", "{% for x in xs %}{% else %}{% endfor %}", "{% for x in 5 %}{% endfor %}",
    "{% for x in none %}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for x in xs|sort|reverse %}{{ x }}{% endfor %}",
    "{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% set x = 1 %}{% for i in xs %}{% set x = i %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 0 %}{% for i in xs %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% for i in xs %}{{ y is defined }}{% set y = i %}{{ y }} {% endfor %}{{ y is defined }}",
    "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}", "{% if zero %}{% set q = 1 %}{% endif %}{{ q is defined }}",
    "{% set ns = namespace(x=0) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns.a = [1] %}{% set ns.a = ns.a + [2] %}{{ ns.a }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}",
    "{% set d.x = 1 %}", "{% set q.x = 1 %}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = [1, 2] %}{{ a }}{{ b }}", "{% set a, b = 1 %}",
    "{% set (a, b) = (1, 2) %}{{ a }}", "{% set a = 1, 2 %}{{ a }}", "{% set x %}a{{ n }}b{% endset %}[{{ x }}]",
    "{% set x | upper %}ab{% endset %}{{ x }}", "{% set x | replace('a', 'b') | upper %}\nab\n{% endset %}[{{ x }}]",
    "{% set x %}{% set y = 5 %}{{ y }}{% endset %}{{ x }}{{ y is defined }}", "{% set ns = namespace() %}{% set ns.x %}hi{% endset %}{{ ns.x }}",
    "{% if zero %}a{% elif n %}b{% else %}c{% endif %}", "{% if zero %}a{% elif zero %}b{% else %}c{% endif %}",
    "{% if missing %}a{% endif %}b", "{% if xs and d and s %}y{% endif %}", "{% if not missing %}y{% endif %}",
    "{% if missing.foo %}a{% endif %}", "{{ missing.foo }}", "{{ missing['foo'] }}", "{{ missing() }}", "{{ d.zz.yy }}", "{{ d.zz() }}", "{{ xs[9].a }}",
    "{{ none.foo }}", "{{ no.foo.bar }}", "{{ n.foo }}|", "{{ missing + 1 }}", "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ none + 'a' }}",
    "{{ 'a' + none }}", "{{ [1] + (2,) }}", "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ missing < 1 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}",
    "{{ -'a' }}", "{{ 1 in 5 }}", "{{ 1 in 'abc' }}", "{{ 1 in none }}", "{{ [][0] }}|", "{{ xs['a'] }}|", "{{ {[1]: 2} }}", "{{ n() }}", "{{ s() }}",
    "{{ n|length }}", "{{ none|length }}", "{{ none|list }}", "{{ missing|tojson }}", "{{ 'a'|abs }}", "{{ missing|int }}", "{{ s.foo() }}", "{{ s.foo }}|",
    "{{ xs.append(1) }}", "{{ d.update({}) }}", "{{ d.pop('b') }}", "{{ xs.pop() }}", "{{ d.clear() }}", "{{ d.setdefault('q', 1) }}", "{{ xs.sort() }}",
    "{{ xs.append }}|", "{{ ''.__class__ }}|", "{{ ''.__class__.mro() }}", "{{ d.__init__ }}|", "{{ range(1000000) }}", "{{ range(1, 2, 0) }}",
    "{{ raise_exception('Stop: ' ~ n) }}", "{% if true %}{{ raise_exception('bad roles') }}{% endif %}", "{{ 'x' if t else raise_exception('no') }}",
    "{{ x|nope }}", "{{ x is nope }}", "{% if zero %}{{ x|nope }}{% endif %}ok", "{% if n %}{{ x|nope }}{% endif %}", "{{ 'a' if t else x|nope }}",
    "{% nope %}", "{% if t %}", "{% for x in xs %}", "{% endif %}", "{% if t %}{% endfor %}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{{ [1 }}", "{{ 'abc }}",
    "{{ 1 2 }}", "{{ }}", "{{", "{%", "{{ a.}}", "{{ a[ }}", "{% set %}", "{% set 1 = 2 %}", "{% set true = 1 %}", "{% for in xs %}{% endfor %}",
    "{% for x xs %}{% endfor %}", "{% if %}{% endif %}", "{{ a | }}", "{{ a is }}", "{{ a b }}", "{{ a ? b }}", "{{ f(a=1, 2) }}", "{{ $ }}", "{{ 'a' is string is string }}",
    "{% else %}", "{% macro %}{% endmacro %}", "{% set x = %}", "{% block %}", "{{ ! }}",
    "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 5) }} {{ m(1, c='y') }} {{ m(b=1, a=9) }}",
    "{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m() }}{{ m(none) }}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
    "{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}", "{% macro m() %}{{ kwargs.x }}{% endmacro %}{{ m(x=4) }}",
    "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(3) }}", "{% macro m(x) %}\n  {{ x }}\n{% endmacro %}\n{{ m(1) }}{{ m(2) }}",
    "{% macro m(x) -%}\n  {{ x }}\n{%- endmacro %}{{ m(1) }}", "{% set g = 1 %}{% macro m() %}{{ g }}{% endmacro %}{% set g = 2 %}{{ m() }}",
    "{% macro m() %}{{ later }}{% endmacro %}{% set later = 3 %}{{ m() }}", "{% macro m() %}{% set inner = 1 %}{{ inner }}{% endmacro %}{{ m() }}{{ inner is defined }}",
    "{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro m(x) %}{{ x|upper }}{% endmacro %}{{ m('a') ~ m('b') }}{{ m('c')|lower }}",
    "{% macro m() %}{{ n }}{{ s }}{% endmacro %}{{ m() }}", "{% macro m(n) %}{{ n }}{% endmacro %}{{ m(1) }}{{ n }}", "{{ m() }}{% macro m() %}{% endmacro %}",
    "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% for x in xs %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in{{ n }}{% endcall %}", "{% macro m(xs) %}{% for x in xs %}{{ caller(x) }};{% endfor %}{% endmacro %}{% call(v) m(xs) %}<{{ v }}>{% endcall %}",
    "{% macro m() %}{% if caller %}yes{% else %}no{% endif %}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ caller(1, b=2) }}{% endmacro %}{% call(a, b=5, c=6) m() %}{{ a }}{{ b }}{{ c }}{% endcall %}",
    "{% macro m(a) %}{{ m.name }}{% endmacro %}{{ m(1) }}", "{% macro m() %}{% endmacro %}{{ m is callable }}{{ m is defined }}", "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'a': 3, 'b': 4}) }}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aXa{% endfilter %}", "{% filter trim %}\n  x\n{% endfilter %}|",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "{% with a = n %}{% with b = a + 1 %}{{ b }}{% endwith %}{% endwith %}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z is defined }}", "{% with a, b = 1, 2 %}{% endwith %}", "{% generation %}x{{ n }}{% endgeneration %}", "{%- generation -%}\n x \n{%- endgeneration -%}",
    "{% for m in messages %}{% generation %}{{ m.content }}{{ loop.index }}{% endgeneration %}{% endfor %}", "{% print(n) %}",
    "{% set j = joiner(', ') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}", "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}",
    "{{ namespace(a=1) }}", "{{ tools is none }}{{ documents is none }}{{ tools is defined }}", "{% if not tools is defined %}{% set tools = none %}{% endif %}{{ tools }}",
    "{% set x = {'a': 1} %}{% set x = dict(x, b=2) %}{{ x }}", "{% set x = [] %}{% for i in xs %}{% set x = x + [i] %}{% endfor %}{{ x }}", "{{ loop }}|",
    "{% if n == 7 and (s == 'x' or t) %}y{% endif %}", "{%- set a = 1 -%}\n{%- set b = 2 -%}\n{{ a + b }}", "{% if s is string and s|length > 3 %}long{% endif %}",
    "{% if 'a' in d and d['a'] is not none %}y{% endif %}", "{% if n is defined and n is not none and n %}y{% endif %}", "{%- for m in messages -%}\n{{ m.role }}\n{%- endfor -%}",
    "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join('; ') }}", "{{ (messages|last).content }}", "{{ messages[0].content if messages[0].role == 'system' else '' }}",
    "{% set loop_messages = messages[1:] if messages[0]['role'] == 'system' else messages %}{{ loop_messages|length }}", "{% set system, rest = messages[0], messages[1:] %}{{ system.content }}{{ rest|length }}",
    "{{ '<think>' in messages[2].content }}{{ messages[2].content.split('</think>')[-1].lstrip('\\n') }}", "{% for message in messages %}{{ loop.index0 % 2 == 0 }}{% endfor %}",
    "{{ (n > 5) | string | lower }}", "{{ 5 if n > 5 else 6 if n > 2 else 7 }}", "{{ n if n < 3 else 'mid' if n < 5 else 'big' }}", "{{ [x for x in xs] }}", "{{ lambda }}|", "{{ not }}", "{{ a = 1 }}",
    "{{ s[1:3, 2] }}|", "{{ xs[1, 2] }}|", "{{ xs[::0] }}", "{{ xs['a':] }}", "{{ 'a'.join([1, 2]) }}", "{{ 'a'.split('') }}", "{{ 'abc'.index('z') }}", "{{ '%d' % 'x' }}", "{{ '%s %s' % 'x' }}", "{{ '%s' % (1, 2) }}", "{{ '{}'.format() }}",
    "{{ '{:d}'.format('x') }}", "{{ [1, 'a']|sort }}", "{{ xs|join(1, 2, 3) }}", "{{ s|replace('a') }}", "{{ xs|batch }}", "{{ s.upper(1) }}",
    "{{ s.replace('a') }}", "{{ 'a'|map('nope')|list }}", "{{ xs|select('nope')|list }}", "{{ d|dictsort(by='x') }}", "{{ 5|round('x') }}", "{{ 'abc'|truncate(1) }}", "{{ 'a'.center() }}", "{{ 'a'.ljust(3, 'xx') }}",
    "line\n{% if t %}\n{{ missing.x }}\n{% endif %}", "{{ undefined_function() }}", "{% set ns = namespace(f=none) %}{% for i in [1, 2] %}{% macro m() %}m{% endmacro %}{% if loop.first %}{% set ns.f = m %}{% endif %}{% endfor %}{{ ns.f() }}",
    "{% if t %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}", "{% macro m() %}{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}{% endmacro %}{{ m() }}", "{% set f = s.upper %}{{ f() }}", "{% set g = d.get %}{{ g('b') }}", "{% set r = range %}{{ r(2)|list }}",
    "{{ {'f': 1}.f }}{{ {'get': 1}.get('get') }}", "{{ {'content': 'x'}.content ~ {'role': 'y'}['role'] }}", "{{ items }}{{ d['items'] is defined }}", "{% set messages = messages[1:] %}{{ messages|length }}", "{% for messages in messages %}{{ messages.role[0] }}{% endfor %}{{ messages|length }}",
    "{% set x = 'a' %}{% macro m(x='b') %}{{ x }}{% endmacro %}{{ m() }}{{ m(x) }}{{ x }}", "{% for i in range(3) %}{% set i = i * 2 %}{{ i }}{% endfor %}", "{% for i in range(2) %}{% for i in range(2) %}{{ i }}{% endfor %}{{ i }}|{% endfor %}", "{%- for k, v in {'x': {'t': 'int'}, 'y': {}}|items %}{{ k }}:{{ v.t|default('any') }} {% endfor %}",
    "{% if n %}{{ 'a' }}{%- endif %}  b", "{{ 'a' -}}   {{- 'b' }}", "{%- if n %}\n    {{- 'a' }}\n{%- endif %}\n", "{% set x = 'v' %}\n{% set y = 'w' %}\n\n{{ x }}{{ y }}\n", "{{ n }}\n{% if t %}\n{% endif %}\n{{ n }}\n", "{#\n multi\n line\n#}\nx", "{% if true %}\\n{{ '\\n' }}{% endif %}", "x{{ '\n' }}y",
    "{{ 'tab\there' }}{{ 'nul\\x00'|length }}", "{% if\n t\n%}\nx{%\nendif\n%}", "{{ n\n+\n1 }}", "{% for x in xs %}{% if loop.first %}{% set z = 9 %}{% endif %}{{ z is defined }} {% endfor %}", "{{ 1 if 0 else }}", "{{ (1, 2,) }}{{ () }}", "{% for x in xs: %}{{ x }}{% endfor %}", "{{ 'a' 'b' }}",
    "{% set a = [1, 2] %}{{ a.count(1) }}{{ a.index(2) }}{{ a.copy() }}", "{{ d.copy() == d }}", "{% if n is not odd %}a{% else %}b{% endif %}", "{{ 'A'.lower() in 'abc' and not 'z' in 'abc' }}", "{{ (1 if zero) is defined }}", "{% for x in xs %}{{ x }}{% endfor %}{{ x is defined }}", "{% filter indent(2) %}a\nb{% endfilter %}",
    "{{ messages | map(attribute='role') | unique | list | tojson }}", "{{ {'z': 1, 'a': 2} | tojson }}{{ {'z': 1, 'a': 2} }}", "{{ 'Ünï'|length }}", "{% set content = messages[2].content %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}{{ content }}",
]

TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a place", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "A \"city\""},
                                     "unit": {"type": "string", "enum": ["c", "f"]}, "days": {"type": ["integer", "null"]}},
    "required": ["city"]}}}]

HEADERS = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%Y")[:2] %}{%- else %}{%- set date_string = "26" %}{%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header|>system<|end_header|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header|>' + message['role'] + '<|end_header|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("Only single tool calls!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header|>assistant<|end_header|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header|>ipython<|end_header|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header|>assistant<|end_header|>\\n\\n' }}
{%- endif %}
"""

INST = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}
            {%- set content = message.content.content %}
        {%- else %}
            {%- set content = message.content %}
        {%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content|string + ", " }}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user, assistant and tool roles are supported") }}
    {%- endif %}
{%- endfor %}
"""

XML_TOOLS = """{% macro render_extra_keys(json_dict, handled_keys) %}
    {%- if json_dict is mapping %}
        {%- for json_key in json_dict if json_key not in handled_keys %}
            {%- if json_dict[json_key] is mapping or (json_dict[json_key] is sequence and json_dict[json_key] is not string) %}
                {{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | tojson | safe) ~ '</' ~ json_key ~ '>' }}
            {%- else %}
                {{-'\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | string) ~ '</' ~ json_key ~ '>' }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined or tools is none %}
    {%- set tools = [] %}
{%- endif %}
{%- if system_message is defined %}
    {{- "<|im_start|>system\\n" + system_message }}
{%- elif tools is iterable and tools | length > 0 %}
    {{- "<|im_start|>system\\nYou can use tools." }}
{%- endif %}
{%- if tools is iterable and tools | length > 0 %}
    {{- "\\n\\n# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {%- if tool.function is defined %}
            {%- set tool = tool.function %}
        {%- endif %}
        {{- "\\n<function>\\n<name>" ~ tool.name ~ "</name>" }}
        {%- if tool.description is defined %}
            {{- '\\n<description>' ~ (tool.description | trim) ~ '</description>' }}
        {%- endif %}
        {{- '\\n<parameters>' }}
        {%- if tool.parameters is defined and tool.parameters is mapping and tool.parameters.properties is defined and tool.parameters.properties is mapping %}
            {%- for param_name, param_fields in tool.parameters.properties|items %}
                {{- '\\n<parameter>' }}
                {{- '\\n<name>' ~ param_name ~ '</name>' }}
                {%- if param_fields.type is defined %}
                    {{- '\\n<type>' ~ (param_fields.type | string) ~ '</type>' }}
                {%- endif %}
                {%- set handled_keys = ['name', 'type', 'description'] %}
                {{- render_extra_keys(param_fields, handled_keys) }}
                {{- '\\n</parameter>' }}
            {%- endfor %}
        {%- endif %}
        {%- set handled_keys = ['type', 'properties'] %}
        {{- render_extra_keys(tool.parameters, handled_keys) }}
        {{- '\\n</parameters>\\n</function>' }}
    {%- endfor %}
    {{- "\\n</tools>" }}
{%- endif %}
{%- if system_message is defined or tools %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- for message in loop_messages %}
    {%- if message.role == "assistant" and message.tool_calls is defined and message.tool_calls is iterable and message.tool_calls | length > 0 %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content is defined and message.content is string and message.content | trim | length > 0 %}
            {{- '\\n' + message.content | trim + '\\n' }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- '\\n<tool_call>\\n<function=' + tool_call.name + '>\\n' }}
            {%- if tool_call.arguments is defined %}
                {%- for args_name, args_value in tool_call.arguments|items %}
                    {{- '<parameter=' + args_name + '>\\n' }}
                    {%- set args_value = args_value | tojson | safe if args_value is mapping or (args_value is sequence and args_value is not string) else args_value | string %}
                    {{- args_value }}
                    {{- '\\n</parameter>\\n' }}
                {%- endfor %}
            {%- endif %}
            {{- '</function>\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.previtem and loop.previtem.role != "tool" %}{{- '<|im_start|>user\\n' }}{%- endif %}
        {{- '<tool_response>\\n' ~ message.content ~ '\\n</tool_response>\\n' }}
        {%- if not loop.last and loop.nextitem.role != "tool" %}{{- '<|im_end|>\\n' }}{%- elif loop.last %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

NAMESPACES = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='', is_first_sp=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_sp %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}{%- else %}{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<|User|>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and 'tool_calls' in message %}{%- set ns.is_tool = false -%}{%- for tool in message['tool_calls'] %}{%- if not ns.is_first %}{%- if message['content'] is none %}{{'<|Assistant|><|calls|><|call|>' + tool['type'] + '<|sep|>' + tool['function']['name'] + '\\n' + '```json' + '\\n' + tool['function']['arguments']|tojson + '\\n' + '```' + '<|end|>'}}{%- else %}{{'<|Assistant|>' + message['content'] + '<|calls|><|call|>' + tool['type'] + '<|sep|>' + tool['function']['name']}}{%- endif %}{%- set ns.is_first = true -%}{%- else %}{{'\\n' + '<|call|>' + tool['type']}}{%- endif %}{%- endfor %}{{'<|calls_end|>'}}{%- endif %}{%- if message['role'] == 'assistant' and 'tool_calls' not in message %}{%- if ns.is_tool %}{{'<|outputs_end|>' + message['content'] + eos_token}}{%- set ns.is_tool = false -%}{%- else %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<|Assistant|>' + content + eos_token}}{%- endif %}{%- endif %}{%- if message['role'] == 'tool' %}{%- set ns.is_tool = true -%}{%- if ns.is_output_first %}{{'<|outputs|><|output|>' + message['content'] + '<|output_end|>'}}{%- set ns.is_output_first = false %}{%- else %}{{'<|output|>' + message['content'] + '<|output_end|>'}}{%- endif %}{%- endif %}{%- endfor -%}{% if ns.is_tool %}{{'<|outputs_end|>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<|Assistant|><think>\\n'}}{% endif %}"""

TURNS = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
"""

TYPESCRIPT = """{%- macro type_of(spec, required=[], depth=0) -%}
    {%- if spec.type == "array" -%}
        {%- if spec['items'] -%}{{- type_of(spec['items'], depth=depth + 1) + '[]' }}{%- else -%}any[]{%- endif -%}
    {%- elif spec.type is defined and spec.type is iterable and spec.type is not string and spec.type[0] is defined -%}
        {%- if spec.type | length > 1 -%}{{- spec.type | join(" | ") }}{%- else -%}{{- spec.type[0] }}{%- endif -%}
    {%- elif spec.oneOf -%}
        {%- for variant in spec.oneOf -%}{{- type_of(variant) -}}{%- if not loop.last %} | {% endif -%}{%- endfor -%}
    {%- elif spec.type == "string" -%}
        {%- if spec.enum -%}{{- '"' + spec.enum|join('" | "') + '"' -}}{%- else -%}string{%- endif -%}
    {%- elif spec.type == "object" -%}
        {%- if spec.properties -%}
            {{- "{\\n" }}
            {%- for name, value in spec.properties.items() -%}
                {{- "  " * (depth + 1) + name }}{%- if name not in (spec.required or []) -%}?{%- endif -%}{{- ": " }}
                {{- type_of(value, spec.required or [], depth + 1) }}
                {%- if value.default is defined %}{{ " // default: " ~ value.default }}{%- endif -%}
                {%- if not loop.last -%}{{- ",\\n" }}{%- endif -%}
            {%- endfor -%}
            {{- "\\n" ~ "  " * depth ~ "}" }}
        {%- else -%}object{%- endif -%}
    {%- else -%}any{%- endif -%}
{%- endmacro -%}
{%- macro render_tools(tools) -%}
    {%- for tool in tools %}
        {%- set tool = tool.function %}
        {{- "// " + tool.description + "\\n" }}
        {{- "type "+ tool.name + " = " }}
        {%- if tool.parameters and tool.parameters.properties %}
            {{- "(_: " ~ type_of(tool.parameters) ~ ") => any;\\n\\n" }}
        {%- else -%}
            {{- "() => any;\\n\\n" }}
        {%- endif -%}
    {%- endfor %}
{%- endmacro -%}
{{ render_tools(tools) }}
"""

CHATS = [
    [{"role": "user", "content": " Hi "}],
    [{"role": "system", "content": "Sys."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "<think>x</think>Yo "},
     {"role": "user", "content": "Bye"}],
    [{"role": "user", "content": "W?"}, {"role": "assistant", "content": None, "tool_calls": [
        {"id": "abc123def", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Oslo", "days": [1, 2], "n": 2.5}}}]},
     {"role": "tool", "content": "12 °C", "tool_call_id": "abc123def"}, {"role": "assistant", "content": "12 degrees."}],
    [{"role": "assistant", "content": "x"}],
    [{"role": "user", "content": [{"type": "text", "text": " a "}, {"type": "image"}]}],
]


def cases():
    for line in EXPRESSIONS.replace("\\\n", "\\\r").strip("\n").split("\n"):
        yield "{{ " + line.replace("\\\r", "\\\n") + " }}", V
    for template in TEMPLATES:
        yield template, V
    for template in [HEADERS, INST, XML_TOOLS, NAMESPACES, TURNS]:
        for chat in CHATS:
            for tools in [None, TOOLS]:
                yield template, {"messages": chat, "tools": tools, "add_generation_prompt": tools is None,
                                 "bos_token": "<s>", "eos_token": "</s>"}
    yield TYPESCRIPT, {"tools": TOOLS}
    yield TYPESCRIPT, {"tools": [{"type": "function", "function": {"name": "f", "description": "F", "parameters": {
        "type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number", "default": 1.5}}}},
            "b": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "enum": ["p", "q"]}}]}}}}}]}


def render(template, variables):
    try:
        text = environment.from_string(template).render(**{"tools": None, "documents": None, **variables})
        text.encode("utf-8")
        return {"expected": text}
    except Refused as refusal:
        return {"refused": str(refusal)}
    except Exception:
        return {"error": True}


def main():
    sets, table = [], []
    for template, variables in cases():
        if variables not in sets:
            sets.append(variables)
        table.append({"template": template, "variables": sets.index(variables), **render(template, variables)})
    with open("jinja_cases.json", "w", encoding="utf-8") as file:
        file.write('{"variables": [\n')
        file.write(",\n".join(json.dumps(each, ensure_ascii=False) for each in sets))
        file.write('\n],\n"cases": [\n')
        file.write(",\n".join(json.dumps(each, ensure_ascii=False) for each in table))
        file.write("\n]}\n")
    print(len(table), "cases,", sum("error" in each for each in table), "of them errors")


if __name__ == "__main__":
    main()
