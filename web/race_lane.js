// One lane of a race: the text as it stood at a time, its clock, and its figures at the end.

import { element } from "./dom.js";
import { count, shortNumber } from "./figures.js";
import { modeName } from "./settings.js";
import { drawnStep, stepText } from "./window_cells.js";

/// Short races need more digits.
function clockText(seconds, longest) {
  return `${seconds.toFixed(longest < 1 ? 3 : 2)} s`;
}

export class RaceLane {
  #answer = null;
  #settled = [];
  #shown = -1;

  constructor(mode) {
    this.clock = element("span", { class: "clock" }, clockText(0, 0));
    this.text = element("div", { class: "lane-text" });
    this.line = element("p", { class: "lane-line" });
    this.bar = element("progress", { class: "lane-bar", max: 1, value: 0, "aria-hidden": "true" });
    this.element = element(
      "section",
      { class: "lane", dataset: { mode }, "aria-label": modeName(mode) },
      element("header", { class: "lane-head" }, element("h3", {}, modeName(mode)), this.clock),
      this.bar,
      this.text,
      this.line,
    );
  }

  /// While it runs for the first time.
  running(answer) {
    this.text.textContent = answer.content;
    this.clock.textContent = clockText(answer.seconds, answer.seconds);
    this.line.textContent = "Running …";
    this.text.scrollTop = this.text.scrollHeight;
  }

  waiting() {
    this.line.textContent = "Waits for the other to end";
  }

  finished(answer) {
    this.#answer = answer;
    this.#settled = [];
    let text = "";
    for (const step of answer.steps) {
      this.#settled.push(text);
      text += stepText(step);
    }
    this.#shown = -1;
  }

  get seconds() {
    return this.#answer.seconds;
  }

  /// As it stood then. Whether it has ended.
  showAt(seconds, longest) {
    const answer = this.#answer;
    const hasEnded = seconds >= answer.seconds;
    this.clock.textContent = clockText(Math.min(seconds, answer.seconds), longest);
    this.bar.value = Math.min(seconds, answer.seconds) / longest;
    this.element.classList.toggle("ended", hasEnded);
    const last = hasEnded ? answer.steps.length - 1 : answer.steps.findLastIndex((step) => step.seconds <= seconds);
    if (last !== this.#shown || hasEnded) this.#show(last, hasEnded);
    return hasEnded;
  }

  #show(last, hasEnded) {
    this.#shown = last;
    if (hasEnded) this.text.textContent = this.#answer.content || this.#answer.reasoning;
    else this.text.replaceChildren(...(last < 0 ? [] : drawnStep(this.#answer.steps, last, this.#settled[last])));
    this.text.scrollTop = this.text.scrollHeight;
    const { timings } = this.#answer;
    this.line.textContent = !hasEnded || !timings ? "" : [
      `${shortNumber(timings.decode_tokens_per_second || timings.tokens_per_second)} tokens/s`,
      `${shortNumber(timings.tokens_per_forward)} tokens per forward`,
      count(timings.completion_tokens, "token"),
      count(timings.forwards, "forward"),
    ].join(" · ");
  }
}
