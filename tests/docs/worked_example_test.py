"""docs/paper: the numbers of the worked example and of the pages before it follow from their definitions."""

from __future__ import annotations

import math
import re
import unittest

import pages

PAGE = pages.sections(pages.text_of("paper/worked-example.md"))
FORWARDS = [PAGE[name] for name in PAGE if name.startswith("Forward ")]
END_TOKEN = "."


def setting(name: str) -> float:
    """What the page sets the symbol to, in the first lines about decoding."""
    found = re.search(re.escape(name) + r" = ([0-9.]+)\$", PAGE["Decoding"])
    assert found is not None, name
    return float(found.group(1))


WINDOW, THRESHOLD, PENALTY = int(setting("W")), setting(r"\tau"), setting(r"\lambda")
PROMPT_LENGTH = len(pages.code_of(PAGE["Decoding"].split(" at positions")[0]))


def entropy(probabilities: list[float]) -> float:
    """In nats."""
    return -sum(p * math.log(p) for p in probabilities if p > 0)


def selected(adjusted: dict[int, float], threshold: float) -> list[int]:
    """Positions below the threshold, or the first of the lowest."""
    return [at for at in adjusted if adjusted[at] < threshold] or [min(adjusted, key=lambda at: adjusted[at])]


class Decoder:
    """The streaming mode over positions, by the words of docs/paper, apart from the engine's source."""

    def __init__(self, first: int) -> None:
        self.cached = first  # tokens whose keys and values are stored
        self.text: list[str] = []  # from `first` on
        self.first = first
        self.guesses: dict[int, str] = {}

    @property
    def known(self) -> int:
        return self.first + len(self.text)

    def rows(self) -> tuple[list[str], list[int]]:
        """The next forward's rows, and the positions of its masks."""
        window = range(self.known, self.known + WINDOW)
        masks = [at for at in window if at not in self.guesses]
        rows = [f"{self.text[at - self.first]}@{at}" for at in range(self.cached, self.known)]
        rows += [f"{self.guesses[at]}@{at}" for at in window if at in self.guesses]
        return rows + [f"M@{at}" for at in masks], masks

    def fill(self, tokens: dict[int, str]) -> list[str]:
        """What becomes text."""
        self.cached = self.known
        self.guesses |= tokens
        committed: list[str] = []
        while self.known in self.guesses and END_TOKEN not in self.text:
            committed.append(self.guesses.pop(self.known))
            self.text.append(committed[-1])
        return committed


class DecodingTest(unittest.TestCase):
    def test_each_forward(self) -> None:
        decoder = Decoder(PROMPT_LENGTH)
        for forward in FORWARDS:
            rows, masks = decoder.rows()
            self.assertEqual(pages.indented_lines(forward), [" ".join(rows)])
            (heading, *lines), = pages.tables(forward)
            vocabulary = [name[2:-1] for name in heading[1:6]]
            self.assertEqual([int(line[0]) for line in lines], masks)
            adjusted = {}
            for position, line in zip(masks, lines):
                probabilities = [float(cell) for cell in line[1:6]]
                self.assertAlmostEqual(sum(probabilities), 1)
                distance = position - masks[0]
                adjusted[position] = entropy(probabilities) + PENALTY * distance
                self.assertEqual(line[6], f"{entropy(probabilities):.3f}", position)
                self.assertEqual(line[7], str(distance))
                self.assertEqual(line[8], f"{adjusted[position]:.3f}", position)
            filled = {}
            for position, line in zip(masks, lines):
                best = max(range(5), key=lambda i: float(line[1 + i]))
                is_filled = position in selected(adjusted, THRESHOLD)
                self.assertEqual(line[9], vocabulary[best] if is_filled else "", position)
                if is_filled:
                    filled[position] = vocabulary[best]
            committed = decoder.fill(filled)
            said = re.search(r"^Committed: (.*)$", forward, re.MULTILINE)
            assert said is not None
            self.assertEqual(pages.code_of(said.group(1)), committed)
        self.assertEqual(decoder.text[-1], END_TOKEN)
        self.assertIn(f"`{''.join(decoder.text[:-1])}`", FORWARDS[-1])

    def test_what_it_cost(self) -> None:
        windows = [len(pages.indented_lines(forward)[0].split()) for forward in FORWARDS]
        committed = [len(pages.code_of(line)) for forward in FORWARDS for line in forward.splitlines()
                     if line.startswith("Committed: ")]
        everything = [PROMPT_LENGTH + sum(committed[:i]) + WINDOW for i in range(len(committed))]
        self.assertEqual(len(committed), len(FORWARDS))
        (_, *lines), = pages.tables(PAGE["What it cost"])
        for line, rows in zip(lines, [windows, [1] * sum(committed), everything]):
            self.assertEqual(line[1], " + ".join(map(str, rows)) + f" = {sum(rows)}")
            self.assertEqual(line[2:4], [str(len(rows)), str(sum(committed))])
            self.assertEqual(line[4], f"{sum(committed) / len(rows):.2f}")
            self.assertEqual(line[5], f"{sum(committed) / sum(rows):.2f}")
        self.assertEqual(len(lines), 3)


class TrainingTest(unittest.TestCase):
    """One sample: its blocks, the rows of its forward, and its losses."""

    def setUp(self) -> None:
        self.text = PAGE["Training"]
        (_, *self.blocks), (_, *self.layout), (_, *self.losses) = pages.tables(self.text)
        self.sample = [token for block in self.blocks for token in block[1].split()]

    def masked(self, block: list[str]) -> list[int]:
        return [int(position) for position in block[4].split(",")]

    def test_as_many_are_masked_as_the_ratio_says(self) -> None:
        for block in self.blocks:
            count = round(len(block[1].split()) * float(block[2]))  # halves to even, as the program does
            self.assertEqual((count, count), (int(block[3]), len(self.masked(block))))

    def test_rows(self) -> None:
        expected = [(0, [f"{token}@{i}" for i, token in enumerate(self.sample)], "nothing")]
        begin, row = 0, len(self.sample)
        for block in self.blocks:
            size, masked = len(block[1].split()), self.masked(block)
            shown = [i for i in range(begin, begin + size) if i not in masked]
            rows = [f"{self.sample[i]}@{i}" for i in shown] + [f"M@{i}" for i in masked]
            expected.append((row, rows, f"rows 0 to {begin - 1}" if begin > 0 else "nothing"))
            begin, row = begin + size, row + size
        for line, (first, rows, seen) in zip(self.layout, expected):
            self.assertEqual(line[0], f"{first} to {first + len(rows) - 1}")
            self.assertEqual(line[2].split(), rows)
            self.assertEqual(line[3], seen)
        self.assertEqual(len(self.layout), len(expected))

    def test_losses(self) -> None:
        weights, losses = [], []
        rows = dict(zip(range(16), (token for line in self.layout for token in line[2].split())))
        ratios = {position: float(block[2]) for block in self.blocks for position in self.masked(block)}
        for line in self.losses:
            token, position = line[1].split("@")
            self.assertEqual(rows[int(line[0])], f"M@{position}")
            self.assertEqual(token, self.sample[int(position)])
            weights.append(1 / ratios.pop(int(position)))
            losses.append(-math.log(float(line[2])))
            self.assertEqual(line[3:5], [f"{losses[-1]:.3f}", f"{weights[-1]:.3f}"])
        self.assertEqual(ratios, {}, "each mask has a loss")
        shares = [weight / sum(weights) for weight in weights]
        self.assertEqual([line[5] for line in self.losses], [f"{share:.3f}" for share in shares])
        masked = sum(share * loss for share, loss in zip(shares, losses))
        listed = re.search(r"probabilities ([0-9., \n]+) of the\s+right", self.text)
        assert listed is not None
        next_losses = [-math.log(float(p)) for p in listed.group(1).split(",")]
        self.assertEqual(len(next_losses), len(self.sample) - 1)
        following = sum(next_losses) / len(next_losses)
        text = " ".join(self.text.split())
        self.assertIn(f"by these shares: {masked:.3f}. With equal shares it would be {sum(losses) / 3:.3f}:", text)
        self.assertIn(f"their loss is {following:.3f}.", text)
        self.assertIn(f"({masked:.3f} + {following:.3f}) / 2 = {(masked + following) / 2:.3f}.", text)


class OtherPagesTest(unittest.TestCase):
    """Tables of numbers on the other pages of docs/paper."""

    def columns(self, page: str, section: str, which: int) -> list[tuple[str, ...]]:
        table = pages.tables(pages.sections(pages.text_of(f"paper/{page}.md"))[section])[which]
        return list(zip(*(line[1:] for line in table)))

    def test_the_best_token_of_a_position_below_the_threshold(self) -> None:
        columns = self.columns("position-adjusted-entropy", "Entropy", 0)
        self.assertEqual(len(columns), 8)
        for threshold, probability in columns:
            self.assertEqual(probability, f"{math.exp(-float(threshold)):.3f}")

    def test_a_run_of_drafts(self) -> None:
        run, tokens = 1.0, 1.0
        for depth, (number, chance, of_run, per_forward, is_drafted) in enumerate(
                self.columns("verified-drafts", "exact", 0), start=1):
            run *= float(chance)
            tokens += run
            self.assertEqual((number, of_run, per_forward), (str(depth), f"{run:.3f}", f"{tokens:.3f}"))
            self.assertEqual(is_drafted, "yes" if run > 0.5 else "no")

    def test_the_gate(self) -> None:
        columns = self.columns("verified-drafts", "gated", 0)
        self.assertEqual(len(columns), 5)
        for drawn_entropy, least in columns:
            self.assertEqual(least, f"{min(0.5, math.exp(-float(drawn_entropy))):.3f}")


if __name__ == "__main__":
    unittest.main()
