"""What the tests of docs/ share: pages, their sections and tables, and SVG files."""

from __future__ import annotations

import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
DOCS = os.path.join(ROOT, "docs")
BINARY = os.environ.get("WEDLM_BINARY") or os.path.join(ROOT, "build/release/wedlm")


def text_of(name: str) -> str:
    """A file of docs/."""
    with open(os.path.join(DOCS, name), encoding="utf-8") as file:
        return file.read()


def sections(text: str) -> dict[str, str]:
    """What stands below each heading of a page, up to the next heading of any level."""
    parts = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text: rows of cells, the heading's row first, without marks of code."""
    found: list[list[list[str]]] = []
    is_open = False
    for line in text.splitlines():
        if not line.startswith("|"):
            is_open = False
        elif not is_open:
            found.append([_cells(line)])
            is_open = True
        elif not re.fullmatch(r"[|\- ]+", line):
            found[-1].append(_cells(line))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]


def code_of(text: str) -> list[str]:
    """What stands between marks of code, one after the other."""
    return re.findall(r"`([^`\n]+)`", text)


def indented_lines(text: str) -> list[str]:
    """The lines of blocks of code that are indented by four."""
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]
