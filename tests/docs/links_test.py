"""Links of the pages in docs/ and of README.md: files that are there, headings that are there, pages that are found."""

from __future__ import annotations

import glob
import os
import re
import unittest

import pages

NAMES = sorted(glob.glob(os.path.join(pages.DOCS, "**/*.md"), recursive=True)) + [os.path.join(pages.ROOT, "README.md")]


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(text: str) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class LinksTest(unittest.TestCase):
    def setUp(self) -> None:
        self.texts: dict[str, str] = {}
        for name in NAMES:
            with open(name, encoding="utf-8") as file:
                self.texts[os.path.realpath(name)] = file.read()

    def links(self, name: str) -> list[tuple[str, str]]:
        """Paths and headings that a page refers to within the repository."""
        found = re.findall(r"\]\(([^)\s]+)\)", without_code(self.texts[name]))
        inside = [link for link in found if not re.match(r"[a-z]+:", link)]
        return [(os.path.realpath(os.path.join(os.path.dirname(name), path)) if path else name, heading)
                for path, _, heading in (link.partition("#") for link in inside)]

    def test_each_leads_somewhere(self) -> None:
        num_links = 0
        for name in self.texts:
            for path, heading in self.links(name):
                num_links += 1
                self.assertTrue(os.path.exists(path), f"{name}: {path}")
                if heading:
                    self.assertIn(heading, anchors(self.texts[path]), f"{name}: {path}")
        self.assertGreater(num_links, 100)

    def test_each_page_is_found_from_the_readme(self) -> None:
        reached, todo = set(), [os.path.realpath(os.path.join(pages.ROOT, "README.md"))]
        while todo:
            name = todo.pop()
            name = os.path.join(name, "README.md") if os.path.isdir(name) else name
            if name in reached or name not in self.texts:
                continue
            reached.add(name)
            todo += [path for path, _ in self.links(name)]
        self.assertEqual(set(self.texts) - reached, set())


if __name__ == "__main__":
    unittest.main()
