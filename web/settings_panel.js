// The form of the settings: each with a line that says what it does. What is not touched stays the server's.

import { button, element } from "./dom.js";
import { MODES, NUMBERS } from "./settings.js";

function modeChoice(settings) {
  return element(
    "fieldset",
    { class: "modes" },
    element("legend", {}, "Mode"),
    MODES.map((mode) =>
      element(
        "label",
        { class: "mode" },
        element("input", {
          type: "radio",
          name: "mode",
          value: mode.value,
          checked: settings.mode === mode.value,
          onchange: () => settings.change("mode", mode.value),
        }),
        element("span", { class: "mode-name" }, mode.name),
        element("span", { class: "line" }, mode.line),
      ),
    ),
  );
}

function numberField(settings, number) {
  const id = `setting-${number.key}`;
  const initial = settings.defaultOf(number);
  const value = settings.changed(number.key);
  const max = number.key === "max_tokens" ? settings.maxLength : number.max;
  const shown = value ?? initial ?? number.fallback;
  const range = element("input", { type: "range", id, min: number.min, max, step: number.step, "aria-describedby": `${id}-line` });
  range.value = shown;
  const box = element("input", {
    type: "number",
    class: "number-box",
    min: number.min,
    step: "any",
    placeholder: initial === null ? number.absent ?? "none" : String(initial),
    "aria-label": `${number.name}, as a number`,
  });
  box.value = value ?? "";
  const give = (text) => {
    const given = text === "" ? undefined : Number(text);
    settings.change(number.key, Number.isFinite(given) ? given : undefined);
  };
  range.addEventListener("input", () => {
    box.value = range.value;
    give(range.value);
  });
  box.addEventListener("change", () => {
    range.value = box.value === "" ? (initial ?? number.fallback) : box.value;
    give(box.value);
  });
  return element(
    "div",
    { class: "number" },
    element("label", { htmlFor: id }, number.name),
    box,
    range,
    element("p", { class: "line", id: `${id}-line` }, number.line),
  );
}

function windowChoice(settings) {
  return element(
    "label",
    { class: "check" },
    element("input", {
      type: "checkbox",
      id: "shows-window",
      checked: settings.showsWindow,
      onchange: (event) => settings.change("showsWindow", event.target.checked),
    }),
    element("span", {}, "Show the window as it fills"),
    element("span", { class: "line" }, "Guesses appear after the text while it is written, and can be gone through afterwards."),
  );
}

/// Fills `panel` anew. The system prompt is `conversation`'s; `onSystem` is told what it becomes.
export function showSettings(panel, settings, conversation, onSystem, onClose) {
  const system = element("textarea", {
    id: "system-prompt",
    rows: 3,
    placeholder: "None",
    oninput: (event) => onSystem(event.target.value),
  });
  system.value = conversation.system;
  panel.replaceChildren(
    element(
      "header",
      { class: "settings-head" },
      element("h2", {}, "Settings"),
      button("✕", onClose, { class: "icon-button", "aria-label": "Close settings" }),
    ),
    element(
      "div",
      { class: "system" },
      element("label", { htmlFor: "system-prompt" }, "System prompt"),
      system,
      element("p", { class: "line" }, "Stands before this conversation and says how to answer."),
    ),
    modeChoice(settings),
    element("div", { class: "numbers" }, NUMBERS.map((number) => numberField(settings, number))),
    windowChoice(settings),
    button(
      "Back to the server's defaults",
      () => {
        settings.reset();
        showSettings(panel, settings, conversation, onSystem, onClose);
      },
      { class: "text-button reset" },
    ),
  );
}
