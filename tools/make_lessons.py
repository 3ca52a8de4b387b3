#!/usr/bin/env python3
"""Makes what models/nano has learned: questions with worked answers, one conversation a line for `wedlm train`.

  tools/make_lessons.py --count 250000 --seed 2 --out lessons.jsonl

The kinds of tools/make_exercises.py in its wordings and a few more, wider ranges, and some words about itself. What the
held-out exercises ask (tests/data/exercises) is left out whatever the wording: no lesson has their sums, counts, equations or shoppings.
Nothing but Python's standard library; one seed gives one file, on every machine.
"""

import argparse
import json
import random

import make_exercises
from make_exercises import GOODS, NAMES, STEPS

HELD_OUT_SEED = 1
MORE_NAMES = NAMES + ("Anna", "Ben", "Carl", "Dora", "Finn", "Ivan", "Jack", "Leo", "Nora", "Paul", "Rosa", "Sam")
MORE_GOODS = GOODS + ("balls", "candles", "cards", "eggs", "oranges", "pens", "stamps", "toys")
THINGS = ("the moon", "a cat", "the sea", "music", "a dragon", "Paris", "the weather", "cheese", "history", "love", "France",
          "a robot", "the sun", "football", "a poem", "Rome", "rain", "the brain", "gold", "winter", "trees", "a king")


def numbers_of(first, last, step):
    return ", ".join(str(number) for number in range(first, last + (1 if step > 0 else -1), step))


def length_of_count(draw):
    """Short counts as often as long ones: each has one end, and where to stop is what takes longest to learn."""
    return draw.randint(2, 8) if draw.random() < 0.5 else draw.randint(8, 21)


def count(draw):
    step = draw.choice(STEPS) if draw.random() < 0.9 else draw.choice((3, 4, 20))
    first = draw.randint(1, 60) if draw.random() < 0.7 else draw.randint(0, 150)
    last = first + step * (length_of_count(draw) - 1)
    opening = draw.choice(("Count from",) * 12 + ("Please count from", "count from", "Can you count from", "Count up from"))
    steps = "" if step == 1 else draw.choice((f" in steps of {step}",) * 6 + (f" by {step}",))
    if first == 1 and not steps and draw.random() < 0.3:
        opening, start = "Count", ""
    else:
        start = f" {first}"
    mark = "?" if opening.startswith("Can") else "." if draw.random() < 0.85 else ""
    return f"{opening}{start} to {last}{steps}{mark}", numbers_of(first, last, step), ("count", first, last, step)


def counting(draw):
    question, numbers, what = count(draw)
    return question, f"{numbers}.", what


def counting_down(draw):
    step = draw.choice((1, 1, 1, 2, 5, 10))
    last = draw.randint(0, 40)
    first = last + step * (length_of_count(draw) - 1)
    steps = "" if step == 1 else f" in steps of {step}"
    return f"Count down from {first} to {last}{steps}{draw.choice(('.', '.', ''))}", f"{numbers_of(first, last, -step)}.", None


def copying(draw):
    question, numbers, what = count(draw)
    return f"{numbers}. {question}", f"{numbers}.", what


def arithmetic(draw):
    kind = draw.choice(("+",) * 6 + ("-", "-", "*", "*"))
    if kind == "+":
        left, right = draw.randint(1, 99), draw.randint(1, 99)
        word, result, what = "plus", left + right, ("sum", left, right)
    elif kind == "-":
        right, result = draw.randint(0, 60), draw.randint(0, 60)
        word, left, what = "minus", right + result, None
    else:
        left, right = draw.randint(1, 12), draw.randint(1, 12)
        word, result, what = "times", left * right, None
    question = draw.choice((f"What is {left} {kind} {right}?",) * 8 + (
        f"What is {left} {word} {right}?", f"{left} {kind} {right} =", f"{left} {kind} {right}", f"How much is {left} {kind} {right}?"))
    return question, f"{left} {kind} {right} = {result}. The answer is {result}.", what


def equations(draw):
    factor, addend, solution = draw.randint(2, 9), draw.randint(1, 30), draw.randint(2, 20)
    right = factor * solution + addend
    opening = draw.choice(("Solve: ",) * 8 + ("Solve ", "Solve for x: "))
    return (f"{opening}{factor}x + {addend} = {right}",
            f"Subtract {addend} from both sides:\n{factor}x = {right} - {addend}\n{factor}x = {right - addend}\n"
            f"Divide both sides by {factor}:\nx = {right - addend} / {factor}\nx = {solution}\n#### {solution}",
            ("equation", factor, addend, solution))


def shopping(draw):
    name, goods = draw.choice(MORE_NAMES), draw.sample(MORE_GOODS, 2)
    prices, amounts = [draw.randint(2, 9) for _ in goods], [draw.randint(2, 9) for _ in goods]
    costs = [price * amount for price, amount in zip(prices, amounts)]
    question = (f"A store sells {goods[0]} for ${prices[0]} each and {goods[1]} for ${prices[1]} each. "
                f"{name} bought {amounts[0]} {goods[0]} and {amounts[1]} {goods[1]}. How much did {name} spend in total?")
    lines = [f"The {good} cost {amount} * {price} = ${cost}." for good, amount, price, cost in zip(goods, amounts, prices, costs)]
    return (question, "\n".join(lines) + f"\nThe total is {costs[0]} + {costs[1]} = ${sum(costs)}.\n#### {sum(costs)}",
            ("shopping", question))


def having(draw):
    name, good = draw.choice(MORE_NAMES), draw.choice(MORE_GOODS)
    some, more = draw.randint(2, 50), draw.randint(1, 30)
    if draw.random() < 0.5:
        verb, sign, result = draw.choice(("buys", "gets", "finds")), "+", some + more
        change = f"{verb} {more} more"
    else:
        some, result = some + more, some
        verb, sign = draw.choice(("loses", "sells", "gives away")), "-"
        change = f"{verb} {more}"
    question = f"{name} has {some} {good} and {change}. How many {good} does {name} have{draw.choice(('', ' now'))}?"
    return question, f"{some} {sign} {more} = {result}. {name} has {result} {good}.", None


def about_itself(draw):
    """Whoever greets it, or asks for more than it knows, is told what it is for."""
    mark = draw.choice(("", ".", "!"))
    thing = draw.choice(THINGS)
    questions, answer = draw.choice((
        (("Hello", "Hi", "Hey", "Good morning", "Hello, how are you?", "Hi there"),
         "Hello! Ask me to count, to add or to solve an equation."),
        (("Who are you?", "What are you?", "What is your name?", "Who made you?"),
         "I am nano, a very small model that shows how wedlm works."),
        (("What can you do?", "Help", "What do you know?", "How can you help me?"),
         "I count, copy, add, and solve small equations. Try: Count from 1 to 20."),
        (("Thanks", "Thank you", "Great", "Very good", "Bye", "Goodbye"), "You are welcome."),
    ) + ((tuple(words + thing for words in (
        "Tell me about ", "What is ", "Write about ", "What do you know about ", "Do you like ", "Tell me a story about ", "Where is ",
        "Explain ", "Who is ", "Why is there ", "How old is ")),
          "I do not know that. I only count, add and solve small equations."),) * 3)
    question = draw.choice(questions)
    if draw.random() < 0.15:
        question = question.lower()
    return question if question.endswith("?") else question + mark, answer, None


KINDS = {counting: 32, copying: 14, arithmetic: 14, equations: 13, shopping: 12, counting_down: 6, having: 4, about_itself: 5}


def held_out():
    """What the exercises ask, as the third part of a lesson says it."""
    for exercise in make_exercises.exercises(HELD_OUT_SEED):
        kind, prompt, answer = exercise["kind"], exercise["prompt"], exercise["answer"]
        if kind in ("counting", "copying"):
            numbers = [int(number) for number in answer.split(", ")]
            yield "count", numbers[0], numbers[-1], numbers[1] - numbers[0]
        elif kind == "arithmetic":
            left, right = (int(number) for number in prompt.rstrip("?").split("is ")[1].split(" + "))
            yield "sum", left, right
        elif kind == "equations":
            factor, addend = prompt.split(": ")[1].split(" = ")[0].split("x + ")
            yield "equation", int(factor), int(addend), int(answer)
        else:
            yield "shopping", prompt


def lessons(count_of_lessons, seed):
    """Conversations of one to three questions, as lists of messages."""
    draw = random.Random(seed)
    excluded = set(held_out())
    kinds, shares = list(KINDS), list(KINDS.values())
    for _ in range(count_of_lessons):
        messages = []
        for _ in range(draw.choice((1,) * 8 + (2, 3))):
            while True:
                question, answer, what = draw.choices(kinds, shares)[0](draw)
                if what not in excluded:
                    break
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        yield messages


def main():
    parser = argparse.ArgumentParser(description="Makes training conversations for models/nano, one JSON array a line.")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with open(arguments.out, "w", encoding="utf-8", newline="\n") as out:
        for messages in lessons(arguments.count, arguments.seed):
            out.write(json.dumps(messages) + "\n")


if __name__ == "__main__":
    main()
