#!/usr/bin/env python3
"""Makes exercises with known answers for `wedlm sweep`: one JSON object a line.

  tools/make_exercises.py --seed 1 --out tests/data/exercises/exercises.jsonl

Five kinds, in turn, so that the first N lines hold all of them. Wordings and ranges are those that models/nano knows.
Each line says by which rule its answer is judged (wedlm/eval/exercises.h applies it):
  last-number  the last number of the text is the answer
  whole-text   the text is the answer, white space at its ends and a last full stop apart
Nothing but Python's standard library; one seed gives one file, on every machine.
"""

import argparse
import json
import random

COUNT_PER_KIND = 80
STEPS = (1, 2, 5, 10)
NAMES = ("Ella", "Gina", "Hugo", "Kate", "Mia", "Olga", "Tara")
GOODS = ("apples", "books", "coins", "cookies", "flowers", "marbles", "pencils", "shells", "stickers")


def count(draw):
    """A question to count, and the list it asks for: 8 to 16 numbers, at most 80 tokens of models/nano."""
    step = draw.choice(STEPS)
    first = draw.randint(1, 60)
    last = first + step * (draw.randint(8, 16) - 1)
    question = f"Count from {first} to {last}" + (f" in steps of {step}." if step > 1 else ".")
    return question, ", ".join(str(number) for number in range(first, last + 1, step))


def counting(draw):
    question, numbers = count(draw)
    return question, numbers, "whole-text"


def copying(draw):
    """The list stands in front of the question: whoever looks it up there has the whole answer."""
    question, numbers = count(draw)
    return f"{numbers}. {question}", numbers, "whole-text"


def arithmetic(draw):
    left, right = draw.randint(1, 99), draw.randint(1, 99)
    return f"What is {left} + {right}?", str(left + right), "last-number"


def equations(draw):
    factor, addend, solution = draw.randint(2, 9), draw.randint(1, 30), draw.randint(2, 20)
    return f"Solve: {factor}x + {addend} = {factor * solution + addend}", str(solution), "last-number"


def shopping(draw):
    name = draw.choice(NAMES)
    goods = draw.sample(GOODS, 2)
    prices = [draw.randint(2, 9) for _ in goods]
    amounts = [draw.randint(2, 9) for _ in goods]
    question = (
        f"A store sells {goods[0]} for ${prices[0]} each and {goods[1]} for ${prices[1]} each. "
        f"{name} bought {amounts[0]} {goods[0]} and {amounts[1]} {goods[1]}. How much did {name} spend in total?"
    )
    return question, str(sum(p * n for p, n in zip(prices, amounts))), "last-number"


KINDS = (counting, arithmetic, shopping, equations, copying)


def exercises(seed):
    draw = random.Random(seed)
    prompts = set()
    for number in range(1, COUNT_PER_KIND + 1):
        for make in KINDS:
            prompt = None
            while prompt is None or prompt in prompts:
                prompt, answer, judge = make(draw)
            prompts.add(prompt)
            identifier = f"{make.__name__}-{number:02d}"
            yield {"id": identifier, "kind": make.__name__, "prompt": prompt, "answer": answer, "judge": judge}


def main():
    parser = argparse.ArgumentParser(description="Makes exercises with known answers, one JSON object a line.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with open(arguments.out, "w", encoding="utf-8", newline="\n") as out:
        for exercise in exercises(arguments.seed):
            out.write(json.dumps(exercise) + "\n")


if __name__ == "__main__":
    main()
