"""The drawings of docs/: well-formed, described, light and dark in one style, small, and with every text inside. Those
of the worked example have its numbers."""

from __future__ import annotations

import glob
import os
import re
import unittest
import xml.etree.ElementTree as ElementTree
from typing import Iterator

import pages

SVG = "{http://www.w3.org/2000/svg}"
PAPER = ["advantages", "ar-and-diffusion", "cache-efficiency", "entropy-selection", "overview", "reordering",
         "sliding-window", "training"]
FILES = [f"paper/{name}.svg" for name in PAPER] + ["settings-curves.svg"]
MAX_BYTES = 8192
WIDTH_OF_CHARACTER = 0.58  # of the font size, in common sans-serif fonts
FONT_SIZES = {"": 14.0, "soft": 12.0}


Placed = tuple[ElementTree.Element, float, float]


def places(element: ElementTree.Element, x: float = 0, y: float = 0) -> Iterator[Placed]:
    """All elements below this one, with where the origin of each is moved to."""
    for child in element:
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", child.get("transform", ""))
        to = (x + float(moved.group(1)), y + float(moved.group(2))) if moved else (x, y)
        yield child, *to
        yield from places(child, *to)


def extents(text: ElementTree.Element) -> Iterator[tuple[float, float]]:
    """From where to where each run of characters goes: one, or one for each of a list of places."""
    classes = text.get("class", "").split()
    width = WIDTH_OF_CHARACTER * FONT_SIZES["soft" if "soft" in classes else ""] * (1.08 if "head" in classes else 1)
    starts = [float(x) for x in text.get("x", "").split()]
    content = text.text or ""
    runs = list(content) if len(starts) > 1 else [content]
    assert len(runs) == len(starts), content
    for x, run in zip(starts, runs):
        before = {"mid": 0.5, "end": 1.0}.get(next((c for c in classes if c in ("mid", "end")), ""), 0.0)
        yield x - before * width * len(run), x + (1 - before) * width * len(run)


class DiagramsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.texts = {name: pages.text_of(name) for name in FILES}
        self.roots = {name: ElementTree.fromstring(text) for name, text in self.texts.items()}

    def test_these_are_all(self) -> None:
        there = {os.path.basename(path) for path in glob.glob(os.path.join(pages.DOCS, "paper/*.svg"))}
        self.assertEqual(there, {f"{name}.svg" for name in PAPER})

    def test_each_is_shown_on_a_page(self) -> None:
        names = glob.glob(os.path.join(pages.DOCS, "**/*.md"), recursive=True)
        shown = "".join(pages.text_of(os.path.relpath(name, pages.DOCS)) for name in names)
        for name in FILES:
            picture = r"!\[[^]]+\]\((paper/)?" + re.escape(os.path.basename(name)) + r"\)"
            self.assertTrue(re.search(picture, shown), f"no page shows {name}")

    def test_title_description_and_size(self) -> None:
        for name, root in self.roots.items():
            with self.subTest(name=name):
                self.assertEqual(root.tag, SVG + "svg")
                for tag in ("title", "desc"):
                    element = root.find(SVG + tag)
                    self.assertTrue(element is not None and (element.text or "").strip(), tag)
                self.assertLess(len(self.texts[name].encode()), MAX_BYTES)
                self.assertLess(max(map(len, self.texts[name].splitlines())), 320)

    def test_nothing_runs_or_is_fetched(self) -> None:
        for name, text in self.texts.items():
            with self.subTest(name=name):
                self.assertNotRegex(text, r"<script|<image|<foreignObject|@import|@font-face|\bon\w+=|url\(")
                self.assertEqual(re.findall(r"https?://[^\"]*", text), ["http://www.w3.org/2000/svg"])

    def test_one_style_light_and_dark(self) -> None:
        element = re.compile(r"<style>(.*)</style>", re.DOTALL)
        styles = {style for text in self.texts.values() for style in element.findall(text)}
        self.assertEqual(len(styles), 1)
        style = styles.pop()
        light, dark = style.split("@media (prefers-color-scheme: dark)")
        colors = dict(re.findall(r"--([\w-]+): (#\w+)", light))
        dark_colors = dict(re.findall(r"--([\w-]+): (#\w+)", dark))
        self.assertEqual(colors.keys(), dark_colors.keys())
        self.assertEqual(set(re.findall(r"var\(--([\w-]+)\)", style)), colors.keys())
        for palette in (colors, dark_colors):
            for ink in ("ink", "soft"):
                for ground in ("page", "text", "guess"):
                    self.assertGreater(contrast(palette[ink], palette[ground]), 4.5, (ink, ground))
            self.assertGreater(contrast(palette["mark"], palette["page"]), 3)

    def test_classes_are_those_of_the_style(self) -> None:
        for name, root in self.roots.items():
            defined = set(re.findall(r"\.([a-z]+) \{", self.texts[name])) | {"entropy", "penalty", "threshold", "curve"}
            for element in root.iter():
                self.assertLessEqual(set(element.get("class", "").split()), defined, name)

    def test_every_text_is_inside(self) -> None:
        for name, root in self.roots.items():
            _, _, width, height = map(float, root.get("viewBox", "").split())
            num_texts = 0
            for element, x, y in places(root):
                if element.tag != SVG + "text":
                    continue
                num_texts += 1
                size = FONT_SIZES["soft" if "soft" in element.get("class", "") else ""]
                baseline = y + float(element.get("y", "nan"))
                self.assertTrue(0.8 * size <= baseline <= height - 0.25 * size, (name, element.text))
                for first, last in extents(element):
                    self.assertTrue(0 <= x + first and x + last <= width, (name, element.text, x + first, x + last))
            self.assertGreater(num_texts, 5, name)

    def test_every_shape_is_inside(self) -> None:
        for name, root in self.roots.items():
            _, _, width, height = map(float, root.get("viewBox", "").split())
            for element, x, y in places(root):
                if element.tag == SVG + "rect":
                    box = {key: float(element.get(key, "0")) for key in ("x", "y", "width", "height")}
                    self.assertTrue(0 <= x + box["x"] and x + box["x"] + box["width"] <= width, (name, box))
                    self.assertTrue(0 <= y + box["y"] and y + box["y"] + box["height"] <= height, (name, box))


def contrast(a: str, b: str) -> float:
    """Of two colours, as the W3C's guidelines define it: from 1 to 21."""
    def luminance(color: str) -> float:
        parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class NumbersTest(unittest.TestCase):
    """The drawings of the worked example against its page, which worked_example_test.py computes again."""

    def setUp(self) -> None:
        self.page = pages.sections(pages.text_of("paper/worked-example.md"))
        self.forwards = [self.page[name] for name in self.page if name.startswith("Forward ")]

    def shapes(self, name: str, tag: str, mark: str) -> list[ElementTree.Element]:
        root = ElementTree.fromstring(pages.text_of(name))
        return [element for element in root.iter(SVG + tag) if mark in element.get("class", "").split()]

    def test_entropy_bars(self) -> None:
        name, scale = "paper/entropy-selection.svg", 180
        self.assertIn(f"{scale} pixels are 1 nat", pages.text_of(name))
        (_, *lines), = pages.tables(self.forwards[0])
        bars, penalties = self.shapes(name, "rect", "entropy"), self.shapes(name, "rect", "penalty")
        self.assertEqual(len(bars), len(lines))
        for bar, line in zip(bars, lines):
            self.assertAlmostEqual(float(bar.get("height", "nan")) / scale, float(line[6]), delta=0.0005)
            self.assertEqual("guess" in bar.get("class", ""), line[9] != "")
        for penalty, line in zip(penalties, lines[1:]):
            added = float(line[8]) - float(line[6])
            self.assertAlmostEqual(float(penalty.get("height", "nan")) / scale, added, delta=0.0011)
        texts = [element.text for element in ElementTree.fromstring(pages.text_of(name)).iter(SVG + "text")]
        for line in lines:
            self.assertIn(line[8], texts)

    def test_squares_are_rows(self) -> None:
        root = ElementTree.fromstring(pages.text_of("paper/cache-efficiency.svg"))
        squares = {"text": 0, "guess": 0, "line": 0, "again": 0}
        for rect in root.iter(SVG + "rect"):
            if rect.get("width") == "9":
                squares[rect.get("class", "")] += 1
        (_, window, one, everything), = pages.tables(self.page["What it cost"])
        rows = [int(line[1].split("= ")[1]) for line in (one, window, everything)]
        texts = [element.text or "" for element in root.iter(SVG + "text")]
        for count, line in zip(rows, (one, window, everything)):
            self.assertIn(f"{count} rows for {line[3]} tokens: cacheability {line[5]}", texts)
        lines = [pages.indented_lines(forward)[0].split() for forward in self.forwards]
        masks = sum(row.startswith("M@") for line in lines for row in line)
        self.assertEqual(squares["line"], masks)
        self.assertEqual(squares["again"], rows[2])
        self.assertEqual(squares["text"] + squares["guess"], rows[0] + rows[1] - masks)

    def test_the_window_slides_as_it_commits(self) -> None:
        frames = [float(rect.get("x", "nan")) for rect in self.shapes("paper/sliding-window.svg", "rect", "mark")]
        committed = [len(pages.code_of(line)) for forward in self.forwards for line in forward.splitlines()
                     if line.startswith("Committed: ")]
        self.assertEqual([(b - a) / 50 for a, b in zip(frames, frames[1:])], committed[:-1])


if __name__ == "__main__":
    unittest.main()
