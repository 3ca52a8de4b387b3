"""docs/settings.md: its presets are the program's, its tables what its command measures, its curves those of its
tables."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from typing import Any

import pages

sys.path.append(os.path.join(pages.ROOT, "tests/server"))  # served.py
from served import Served, is_built_with_sanitizers  # noqa: E402

TEXT = pages.text_of("settings.md")
PAGE = pages.sections(TEXT)
KINDS = ["counting", "copying", "arithmetic", "equations", "shopping"]
MEASURED_AGAIN = ["streaming entropy-threshold=0.4 pos-penalty=0.02", "exact window-size=16", "streaming preset=fast"]


def measured() -> dict[str, list[str]]:
    """The rows of all tables of measurements, by setting."""
    return {line[0]: line for heading, *lines in pages.tables(TEXT) if heading[0] == "setting" for line in lines}


def command() -> list[str]:
    found = re.search(r"^wedlm sweep .*?(?=^```)", PAGE["Measure your own"], re.MULTILINE | re.DOTALL)
    assert found is not None
    return shlex.split(found.group(0).replace("\\\n", " "))


class PresetsTest(unittest.TestCase):
    def test_presets(self) -> None:
        (_, *lines), = pages.tables(PAGE["Presets"])
        self.assertEqual([line[0] for line in lines], ["none", "quality", "balanced", "fast"])
        for name, threshold, penalty, cap, window in lines:
            with Served(*([] if name == "none" else ["--preset", name])) as served:
                defaults = json.loads(served.request("GET", "/v1/models")[2])["data"][0]["defaults"]
            self.assertAlmostEqual(defaults["entropy_threshold"], float(threshold), places=5)
            self.assertAlmostEqual(defaults["position_penalty"], float(penalty), places=5)
            if name == "none":
                helped = subprocess.run([pages.BINARY, "generate", "--help"], capture_output=True, text=True, check=True)
                self.assertIn(f"(default: {window} for streaming;", " ".join(helped.stdout.split()))
            else:
                self.assertEqual(defaults["window_size"], int(window))
            self.assertEqual(0 if cap == "no limit" else int(cap), defaults["max_per_step"])


class TablesTest(unittest.TestCase):
    def test_the_command_has_what_the_tables_show(self) -> None:
        words = command()
        settings = [word for option, word in zip(words, words[1:]) if option == "-s"]
        self.assertEqual(sorted(["autoregressive", *settings]), sorted(measured()))
        self.assertEqual(len(set(settings)), len(settings))

    def test_figures_belong_together(self) -> None:
        for setting, line in measured().items():
            tokens, rows, cacheability, _, right = map(float, line[1:6])
            self.assertAlmostEqual(tokens / rows, cacheability, delta=0.0051 + 0.05 / rows, msg=setting)
            self.assertAlmostEqual(sum(map(int, line[6:])) / 4, right, delta=0.051, msg=setting)

    def test_curves(self) -> None:
        root = ElementTree.fromstring(pages.text_of("settings-curves.svg"))
        rows = measured()
        thresholds = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.8", "1.0"]
        lines = [rows[f"streaming entropy-threshold={threshold} pos-penalty=0.02"] for threshold in thresholds]
        curves = [element.get("d", "")[1:].split() for element in root.iter()
                  if "curve" in element.get("class", "").split()]
        scales = [(0, 15, 1), (94, 100, 5)]  # lowest and highest value of the axis, column of the table
        self.assertEqual(len(curves), len(scales))
        for curve, (low, high, column) in zip(curves, scales):
            for point, threshold, line in zip(curve, thresholds, lines):
                x, y = map(float, point.split(","))
                self.assertAlmostEqual(x / 300, float(threshold))
                self.assertAlmostEqual(low + (200 - y) / 200 * (high - low), float(line[column]), delta=0.06)

    @unittest.skipIf(is_built_with_sanitizers(), "takes too long with sanitizers")
    def test_some_rows_are_measured_again(self) -> None:
        words = command()
        asked = [word for setting in MEASURED_AGAIN for word in ("-s", setting)]
        first = words.index("-s")
        ended = subprocess.run([pages.BINARY, *words[1:first], *asked, "--batch", "16"], cwd=pages.ROOT,
                               capture_output=True, text=True, check=True)
        settings: list[dict[str, Any]] = json.loads(ended.stdout)["settings"]
        self.assertEqual([it["setting"] for it in settings], ["autoregressive", *MEASURED_AGAIN])
        for it in settings:
            line = measured()[it["setting"]]
            # Other instruction sets round otherwise, and of near ties one in a hundred may go another way.
            self.assertAlmostEqual(it["tokens_per_forward"] / float(line[1]), 1, delta=0.03, msg=line[0])
            self.assertAlmostEqual(it["rows_per_forward"] / float(line[2]), 1, delta=0.03, msg=line[0])
            self.assertAlmostEqual(100 * it["right"]["share"], float(line[5]), delta=1, msg=line[0])
            for kind, count in zip(KINDS, line[6:]):
                self.assertAlmostEqual(it["right_by_kind"][kind]["count"], int(count), delta=2, msg=(line[0], kind))


if __name__ == "__main__":
    unittest.main()
