"""What models/nano has learned, of the seed that its card names: none of it is what the held-out exercises ask, by their text
alone, and its answers are right. And these exercises are those of the generator."""

import json
import os
import re
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
EXERCISES = os.path.join(ROOT, "tests/data/exercises/exercises.jsonl")
SEED, COUNT = 2, 40000  # of its 250,000

sys.path.insert(0, os.path.join(ROOT, "tools"))
import make_exercises  # noqa: E402
import make_lessons  # noqa: E402


def held_out():
    with open(EXERCISES, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def questions():
    for messages in make_lessons.lessons(COUNT, SEED):
        for question, answer in zip(messages[::2], messages[1::2]):
            assert question["role"] == "user" and answer["role"] == "assistant"
            yield question["content"], answer["content"]


class LessonsTest(unittest.TestCase):
    def test_exercises_are_those_of_the_generator(self):
        self.assertEqual(held_out(), list(make_exercises.exercises(1)))

    def test_one_seed_gives_the_same_lessons(self):
        self.assertEqual(list(make_lessons.lessons(300, SEED)), list(make_lessons.lessons(300, SEED)))

    def test_nothing_that_is_held_out_is_learned(self):
        lists, sums, equations, prompts = set(), set(), set(), set()
        for exercise in held_out():
            prompts.add(exercise["prompt"])
            if exercise["judge"] == "whole-text":
                lists.add(exercise["answer"])
            elif exercise["kind"] == "arithmetic":
                sums.add(re.search(r"\d+ \+ \d+", exercise["prompt"]).group())
            elif exercise["kind"] == "equations":
                equations.add(re.search(r"\d+x.*", exercise["prompt"]).group())
        kinds = dict.fromkeys(("lists", "sums", "equations", "others"), 0)
        for question, answer in questions():
            self.assertNotIn(question, prompts)
            if re.fullmatch(r"\d+(, \d+)+\.", answer):
                kinds["lists"] += 1
                self.assertNotIn(answer[:-1], lists, question)
            elif added := re.match(r"(\d+ \+ \d+) = \d+\. The answer", answer):
                kinds["sums"] += 1
                self.assertNotIn(added.group(1), sums, question)
            elif equation := re.search(r"\d+x.*", question):
                kinds["equations"] += 1
                self.assertNotIn(equation.group(), equations, question)
            else:
                kinds["others"] += 1
        for kind, count in kinds.items():
            self.assertGreater(count, 1000, kind)

    def test_answers_are_right(self):
        checked = 0
        for question, answer in questions():
            for left, sign, right, result in re.findall(r"(\d+) ([-+*/]) (\d+) = \$?(\d+)", answer):
                wanted = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": int.__floordiv__}[sign]
                self.assertEqual(wanted(int(left), int(right)), int(result), answer)
                checked += 1
            if equation := re.search(r"(\d+)x \+ (\d+) = (\d+)", question):
                factor, addend, total = (int(number) for number in equation.groups())
                self.assertEqual(factor * int(answer.rsplit(" ", 1)[1]) + addend, total, question)
            if count := re.search(r"(\d+) to (\d+)(?: in steps of (\d+)| by (\d+))?[.?]?$", question):
                first, last = int(count.group(1)), int(count.group(2))
                step = int(count.group(3) or count.group(4) or 1) * (1 if last > first else -1)
                numbers = [int(number) for number in answer.rstrip(".").split(", ")]
                self.assertEqual(numbers, list(range(first, last + step, step)), question)
        self.assertGreater(checked, 10000)


if __name__ == "__main__":
    unittest.main()
