"""Writes wedlm/text/jinja/html_entities.h: the named character references of HTML 5, as Python's html.unescape knows
them. Run in this folder:  python3 make_html_entities.py
"""

import html.entities

entries = [
    f"{name}={'+'.join(f'{ord(c):X}' for c in text)}" for name, text in sorted(html.entities.html5.items())
]
lines, current = [], ""
for entry in entries:
    if len(current) + len(entry) > 108:
        lines.append(current)
        current = ""
    current += entry + " "
lines.append(current)
with open("../../../wedlm/text/jinja/html_entities.h", "w", encoding="utf-8") as out:
    out.write(
        "// The named character references of HTML 5: NAME=CODEPOINT or NAME=CODEPOINT+CODEPOINT, a blank after each.\n"
        "// Written by tests/data/templates/make_html_entities.py from Python's html.entities.\n"
        "#pragma once\n\n#include <string_view>\n\nnamespace wedlm::jinja {\n\n"
        "// clang-format off\n"
        "inline constexpr std::string_view kHtmlEntities =\n"
        + "\n".join(f'    "{line}"' for line in lines)
        + ";\n// clang-format on\n\n}  // namespace wedlm::jinja\n"
    )
