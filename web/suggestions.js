// What to ask first. The shipped model knows exercises only, in their wording, so it has suggestions of its own.

import { element } from "./dom.js";

const SUDOKU = `Solve this sudoku. 0 stands for an empty cell.
5 3 0 0 7 0 0 0 0
6 0 0 1 9 5 0 0 0
0 9 8 0 0 0 0 6 0
8 0 0 0 6 0 0 0 3
4 0 0 8 0 3 0 0 1
7 0 0 0 2 0 0 0 6
0 6 0 0 0 0 2 8 0
0 0 0 4 1 9 0 0 5
0 0 0 0 8 0 0 7 9`;

const FOR_LARGE = [
  { name: "Count", prompt: "Count from 1 to 200, separated by commas." },
  { name: "Solve an equation", prompt: "Solve 3x + 3 = 15 step by step." },
  { name: "Explain", prompt: "Explain quantum physics to a child of eight." },
  { name: "A sudoku", prompt: SUDOKU },
];

const FOR_NANO = [
  { name: "Count", prompt: "Count from 1 to 30." },
  { name: "Count in steps", prompt: "Count from 37 to 53 in steps of 2." },
  { name: "Solve an equation", prompt: "Solve: 3x + 3 = 15" },
  {
    name: "Go shopping",
    prompt:
      "A store sells shells for $8 each and stickers for $5 each. Kate bought 3 shells and 9 stickers. " +
      "How much did Kate spend in total?",
  },
];

const INTRODUCTION =
  "A diffusion language model guesses a whole window of text at once and keeps what it is sure of. Ask something, and " +
  "watch the window fill.";

const ABOUT_NANO =
  "This server has nano, 4 million parameters: it counts, adds and solves small equations, and knows nothing else. It " +
  "was taught single questions, so begin a new conversation for each.";

function card({ name, prompt }, onChoose) {
  return element(
    "button",
    { type: "button", class: "suggestion", onclick: () => onChoose(prompt) },
    element("strong", {}, name),
    element("span", {}, prompt),
  );
}

function group(title, suggestions, onChoose) {
  return element(
    "section",
    { class: "suggestion-group" },
    element("h2", {}, title),
    element("div", { class: "suggestions" }, suggestions.map((one) => card(one, onChoose))),
  );
}

/// What an empty conversation shows.
export function welcome(model, onChoose) {
  const isNano = model?.id === "nano";
  const groups = [
    { title: "What the shipped model was made for", suggestions: FOR_NANO },
    { title: isNano ? "For a larger model" : "Try", suggestions: FOR_LARGE },
  ];
  return element(
    "div",
    { class: "welcome" },
    element("h1", {}, "Several tokens at a time"),
    element("p", { class: "lead" }, INTRODUCTION),
    isNano && element("p", { class: "lead note" }, ABOUT_NANO),
    (isNano ? groups : [groups[1]]).map(({ title, suggestions }) => group(title, suggestions, onChoose)),
  );
}
