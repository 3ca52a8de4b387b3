// Goes through an answer again, step by step: a slider, a way to play it, and how many tokens each step brought.

import { button, element } from "./dom.js";
import { count } from "./figures.js";
import { drawnStep, stepText } from "./window_cells.js";

const SECONDS_PER_STEP = 0.14;  // slow enough for eyes
const BAR_HEIGHT = 28;
const BELOW = 24;  // pixels left free below the text of a step where it is scrolled

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/// Bars of the tokens of each step, each above the slider's place for it.
function bars(steps) {
  const length = Math.max(1, steps.length - 1);
  const width = Math.min(0.8, length * 0.035);
  const most = Math.max(1, ...steps.map((step) => step.numTokens));
  const rects = steps.map((step, index) => {
    const height = (step.numTokens / most) * BAR_HEIGHT;
    return svg("rect", { x: index - width / 2, y: BAR_HEIGHT - height, width, height });
  });
  const viewBox = `0 0 ${length} ${BAR_HEIGHT}`;
  const picture = svg("svg", { class: "bars", viewBox, preserveAspectRatio: "none", "aria-hidden": "true" }, ...rects);
  return { picture, rects };
}

const LEGEND = [
  ["committed", "became text"],
  ["committed verified", "a guess that was verified"],
  ["cell guess fresh", "a new guess"],
  ["cell guess", "a guess"],
  ["cell refused", "refused"],
  ["cell empty", "still open"],
];

function legend() {
  return element(
    "p",
    { class: "window-legend", "aria-hidden": "true" },
    LEGEND.map(([look, meaning]) => element("span", {}, element("span", { class: look }, look === "cell empty" ? "" : "a"), meaning)),
  );
}

export class WindowView {
  #steps;
  #settled = [];  // the text before each step
  #timer = null;

  constructor(steps) {
    this.#steps = steps;
    let text = "";
    for (const step of steps) {
      this.#settled.push(text);
      text += stepText(step);
    }
    this.#build(text);
    this.show(steps.length - 1);
  }

  #build(wholeText) {
    const last = this.#steps.length - 1;
    this.text = element("div", { class: "window-text" });
    const whole = element("div", { class: "whole-text", "aria-hidden": "true" }, wholeText);
    this.frame = element("div", { class: "window-frame" }, this.text, whole);
    this.slider = element("input", {
      type: "range",
      class: "step-slider",
      min: 0,
      max: last,
      step: 1,
      "aria-label": "Step",
      onkeydown: () => this.pause(),
      oninput: () => {
        this.pause();
        this.show(Number(this.slider.value));
      },
    });
    this.label = element("p", { class: "step-label" });
    this.player = button("Play", () => (this.#timer === null ? this.play() : this.pause()), { class: "text-button small play" });
    const { picture, rects } = bars(this.#steps);
    this.rects = rects;
    this.element = element(
      "section",
      { class: "window-view", "aria-label": "The window, step by step" },
      // The whole text, unseen, keeps the room: nothing moves from step to step.
      this.frame,
      element("div", { class: "step-track" }, picture, this.slider),
      element("div", { class: "step-line" }, this.player, this.label),
      legend(),
    );
  }

  show(index) {
    const step = this.#steps[index];
    this.slider.value = index;
    this.text.replaceChildren(...drawnStep(this.#steps, index, this.#settled[index]));
    const parts = [`Step ${index + 1} of ${this.#steps.length}`, count(step.numTokens, "token")];
    const numGuesses = step.window.filter((text) => text !== null).length;
    if (step.window.length) parts.push(`${numGuesses} of ${step.window.length} positions guessed`);
    if (step.rejected.length) parts.push(`${step.rejected.length} refused`);
    parts.push(`${step.seconds.toFixed(3)} s`);
    this.label.textContent = parts.join(" · ");
    this.slider.setAttribute("aria-valuetext", parts.join(", "));
    this.rects.forEach((rect, i) => rect.classList.toggle("now", i === index));
    this.frame.scrollTop = this.text.offsetHeight + BELOW - this.frame.clientHeight;
  }

  play() {
    const last = this.#steps.length - 1;
    if (Number(this.slider.value) === last) this.show(0);
    this.player.textContent = "Pause";
    this.#timer = setInterval(() => {
      if (!this.element.isConnected || Number(this.slider.value) === last) return this.pause();
      this.show(Number(this.slider.value) + 1);
    }, SECONDS_PER_STEP * 1000);
  }

  pause() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.player.textContent = "Play";
  }
}
