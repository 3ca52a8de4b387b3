"""Writes wedlm/text/jinja/case_tables.h: what Python's str knows of characters beyond their general category and their
simple case mappings, which utf8proc has. Run in this folder:  python3 make_case_tables.py (3.11, Unicode 14.0)
"""

import unicodedata

CHARACTERS = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
category = unicodedata.category


def is_ignorable(c):
    """Case_Ignorable, which decides where a capital sigma is the last letter of a word."""
    return ("A" + c + "Σ").lower()[-1] == "ς" and ("1" + c + "Σ").lower()[-1] == "σ"


def literal(text):
    return 'U"' + "".join(f"\\U{ord(c):08X}" for c in text) + '"'


def ranges(belongs):
    found = []
    for c in CHARACTERS:
        if not belongs(c):
            continue
        if found and found[-1][1] == ord(c) - 1:
            found[-1][1] = ord(c)
        else:
            found.append([ord(c), ord(c)])
    return ", ".join(f"{{0x{first:X}, 0x{last:X}}}" for first, last in found)


TABLES = [
    ("kOtherUpper", "Other_Uppercase: upper case that is no letter.", lambda c: c.isupper() and category(c) != "Lu"),
    ("kOtherLower", "Other_Lowercase.", lambda c: c.islower() and category(c) != "Ll"),
    ("kOtherDigits", "Numeric_Type=Digit: superscripts and the like.", lambda c: c.isdigit() and category(c) != "Nd"),
    ("kOtherNumeric", "Letters that are numbers.", lambda c: c.isnumeric() and category(c)[0] != "N"),
    ("kOtherIgnorable", "Case_Ignorable among punctuation.",
     lambda c: is_ignorable(c) and category(c) not in ("Mn", "Me", "Cf", "Lm", "Sk")),
]

lines = ["// What Python's str knows of characters beyond their general category and their simple case mappings.",
         "// Written by tests/data/templates/make_case_tables.py from Python 3.11 (Unicode 14.0).",
         "#pragma once", "", "#include <string_view>", "", "namespace wedlm::jinja {", "",
         "struct CharacterRange {", "  char32_t first, last;", "};"]
for name, comment, belongs in TABLES:
    lines += ["", f"// {comment}", f"inline constexpr CharacterRange {name}[] = {{{ranges(belongs)}}};"]
lines += ["", "/// A character whose upper case, or title case, is more than one character; sorted. Empty: it is one.",
          "struct FullMapping {", "  char32_t from;", "  std::u32string_view upper, title;", "};",
          "inline constexpr FullMapping kFullMappings[] = {"]
for c in CHARACTERS:
    if len(c.upper()) > 1 or len(c.title()) > 1:
        title = c.title() if len(c.title()) > 1 else ""
        lines.append(f"    {{0x{ord(c):X}, {literal(c.upper())}, {literal(title)}}},")
lines += ["};", "", "}  // namespace wedlm::jinja", ""]
with open("../../../wedlm/text/jinja/case_tables.h", "w", encoding="utf-8") as out:
    out.write("\n".join(lines))
