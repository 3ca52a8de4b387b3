// Draws one step of an answer: what is text, what has just become text, what was refused, and the window behind it.

import { element } from "./dom.js";

const SHOWN_SPACES = { "\n": "⏎", "\t": "⇥" };

function shown(text) {
  return text.replace(/[\n\t]/g, (space) => SHOWN_SPACES[space]).replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length));
}

/// The positions of a window. `before` is the step before, whose guesses are not new any more.
export function windowCells(step, before) {
  const wasFilled = (index) => Boolean(before?.window[index + step.numTokens]);
  return step.window.map((text, index) => {
    if (text === null) return element("span", { class: "cell empty" });
    return element("span", { class: `cell guess${wasFilled(index) ? "" : " fresh"}` }, shown(text));
  });
}

export function refusedCells(step) {
  return step.rejected.map((text) => element("s", { class: "cell refused" }, shown(text)));
}

function newText(step) {
  return step.parts.map(([text, isVerified]) => element("mark", { class: isVerified ? "committed verified" : "committed" }, text));
}

/// Step `index` as elements; `settled` is the text before it.
export function drawnStep(steps, index, settled) {
  const step = steps[index];
  return [settled, ...newText(step), ...refusedCells(step), ...windowCells(step, steps[index - 1])];
}

export function stepText(step) {
  return step.parts.map(([text]) => text).join("");
}
