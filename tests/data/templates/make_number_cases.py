"""Writes number_cases.json: numbers of JSON that are no 64-bit integers or finite doubles, in expressions, and what Jinja2
prints of them. Run in this folder, with jinja2 (3.1) installed:  python3 make_number_cases.py
"""

import json

from make_jinja_cases import environment

VARIABLES = """{"past": 9223372036854775808, "max": 9223372036854775807, "min": -9223372036854775808, "u64": 18446744073709551615,
 "low": -9223372036854775809, "long": -1234567890123456789012345678901234567890, "same": 18446744073709551615,
 "reals": [1e22, 1e16, 123456789012345680.0, 1E+2, 0.1, 1e-7, -0.0, 5e-324, 1.7976931348623157e308],
 "odd": [NaN, Infinity, -Infinity, 1e999], "call": {"id": 18446744073709551616, "ids": [9223372036854775808, -1]}}"""

# Each line is one expression, printed.
EXPRESSIONS = r"""
past
past | string
[past, low]
call
call | tojson
call.ids | join(",")
long | tojson
"%d" % long
"%s" % past
"{}".format(past)
"%x" % max
past | int
past | float
long | abs
-past
-long
-low
past | round
past is integer
past is number
past is float
past == 9223372036854775808
past == past + 0.0
past == max
past > max
low < min
long < low
u64 == same
u64 in [1, same]
[u64, past, long, 5, low] | sort
[past, max, 1.5] | max
past == 9223372036854775808.0
{past: "x"}[9223372036854775808]
{past: "x"}[9223372036854775808.0]
past / 2
past * 1.0
past if past else "no"
past ~ "!"
past | default(1)
"9223372036854775808" | int
"-00123456789012345678901234567890" | int
"12_345_678_901_234_567_890" | int
1e22 | int
-1e30 | int
99999999999999999999
-9223372036854775808
0x7fffffffffffffff
reals
reals | tojson
odd
odd | tojson
"%d" % 1e22
"%20d|%-25d|%+d" % (past, past, past)
"%.25d" % low
min | abs
[past, past] | unique | list
[past, 1] | length
past is sameas past
"{:,}".format(past)
"{:>25}".format(past)
max is odd
"""


def main():
    variables = json.loads(VARIABLES)
    with open("number_cases.json", "w", encoding="utf-8") as file:
        file.write('{"variables": ' + VARIABLES + ',\n"cases": [\n')
        lines = [{"template": "{{ " + line + " }}"} for line in EXPRESSIONS.strip().split("\n")]
        for line in lines:
            line["expected"] = environment.from_string(line["template"]).render(variables)
        file.write(",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]}\n")


if __name__ == "__main__":
    main()
