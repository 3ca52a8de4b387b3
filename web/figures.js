// An answer's figures and token ids, folded under one line.

import { copy } from "./clipboard.js";
import { button, element } from "./dom.js";
import { modeName } from "./settings.js";

const ENDS = { stop: "the model ended it", length: "its length", content_filter: "a filter" };

export function shortNumber(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 2);
}

export function count(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function summaryOf(answer) {
  const { timings } = answer;
  if (!timings) return [count(answer.tokenIds.length, "token")];
  return [
    `${shortNumber(timings.decode_tokens_per_second || timings.tokens_per_second)} tokens/s`,
    `${shortNumber(timings.tokens_per_forward)} tokens per forward`,
    count(timings.completion_tokens, "token"),
    count(timings.forwards, "forward"),
  ];
}

function rowsOf(answer) {
  const { timings, settings } = answer;
  const rows = [["Mode", modeName(settings.mode)]];
  if (timings) {
    const cached = timings.cached_prompt_tokens;
    rows.push(
      ["Prompt", count(timings.prompt_tokens, "token") + (cached ? `, ${cached.toLocaleString("en")} of them cached` : "")],
      ["Prompt speed", `${shortNumber(timings.prompt_tokens_per_second)} tokens/s`],
      ["Decode speed", `${shortNumber(timings.decode_tokens_per_second)} tokens/s`],
      ["Tokens", timings.completion_tokens.toLocaleString("en")],
      ["Forwards", timings.forwards.toLocaleString("en")],
      ["Tokens per forward", timings.tokens_per_forward.toFixed(2)],
      ["Seed", String(timings.seed)],
    );
  }
  rows.push(["Ended by", answer.state === "stopped" ? "you" : (ENDS[answer.finish] ?? answer.error ?? "")]);
  return rows;
}

/// A <details> whose summary has the figures that matter most.
export function figures(answer) {
  const ids = answer.tokenIds.join(" ");
  const copier = button("Copy", () => copy(ids, copier), { class: "text-button small" });
  return element(
    "details",
    { class: "figures" },
    element("summary", {}, summaryOf(answer).map((part) => element("span", {}, part))),
    element("dl", {}, rowsOf(answer).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
    element(
      "details",
      { class: "token-ids" },
      element("summary", {}, "Token ids"),
      element("p", { class: "ids" }, ids || "None"),
      copier,
    ),
  );
}
