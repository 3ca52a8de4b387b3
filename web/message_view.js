// Shows a message: what the user said, with a way to edit it, or an answer with everything that belongs to it.

import { copy } from "./clipboard.js";
import { button, element } from "./dom.js";
import { figures } from "./figures.js";
import { formatted } from "./markdown.js";
import { hasWindows } from "./recording.js";
import { refusedCells, windowCells } from "./window_cells.js";
import { WindowView } from "./window_view.js";

function action(text, onclick, label) {
  return button(text, onclick, { class: "text-button small", "aria-label": label });
}

function copyAction(message) {
  const copier = action("Copy", () => copy(message.content, copier));
  return copier;
}

/// `actions.edit(text)` sends the message anew.
export function userMessage(message, actions) {
  const root = element("article", { class: "message user", "aria-label": "You" });
  const show = () => {
    const edit = action("Edit", open, "Edit this message");
    root.classList.remove("edited");
    root.replaceChildren(
      element("div", { class: "bubble" }, message.content),
      element("div", { class: "actions" }, edit, copyAction(message)),
    );
    return edit;
  };
  const open = () => {
    const rows = Math.min(8, message.content.split("\n").length + 1);
    const area = element("textarea", { class: "edit-area", "aria-label": "Message", rows });
    area.value = message.content;
    const close = () => show().focus();
    const send = () => area.value.trim() && actions.edit(area.value.trim());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      send();
    });
    root.classList.add("edited");
    root.replaceChildren(
      area,
      element("div", { class: "actions" }, action("Cancel", close), button("Send again", send, { class: "send-button small" })),
    );
    area.focus();
  };
  show();
  root.edit = open;
  return root;
}

export class AnswerView {
  #answer;
  #actions;
  #window = null;

  /// `actions` has retry() and race().
  constructor(answer, actions) {
    this.#answer = answer;
    this.#actions = actions;
    this.body = element("div", { class: "body" });
    this.strip = element("div", { class: "strip", "aria-hidden": "true" });
    this.foot = element("div", { class: "foot" });
    this.element = element("article", { class: "message answer", "aria-label": "Answer" }, this.body, this.strip, this.foot);
    this.update();
  }

  update() {
    const answer = this.#answer;
    const isRunning = answer.state === "running";
    this.element.dataset.state = answer.state;
    this.element.setAttribute("aria-busy", String(isRunning));
    this.updateBody();
    const last = answer.steps.at(-1);
    const isShown = isRunning && last !== undefined;
    this.strip.replaceChildren(...(isShown ? [...refusedCells(last), ...windowCells(last, answer.steps.at(-2))] : []));
    this.foot.replaceChildren(...(isRunning ? [] : this.#footParts()));
  }

  updateBody() {
    this.body.replaceChildren(...this.#bodyParts());
  }

  #bodyParts() {
    const { content, reasoning, state, error } = this.#answer;
    const parts = [];
    if (reasoning) {
      const text = element("div", { class: "plain" }, reasoning);
      parts.push(element("details", { class: "thinking", open: !content }, element("summary", {}, "Thinking"), text));
    }
    if (content) {
      parts.push(formatted(content));
    } else if (state === "running") {
      const dots = [element("span"), element("span"), element("span")];
      parts.push(element("p", { class: "waiting", "aria-label": "Waiting for the answer" }, dots));
    } else if (state !== "failed" && !reasoning) {
      const why = state === "stopped" ? "Stopped before it began." : "The answer is empty.";
      parts.push(element("p", { class: "nothing" }, why));
    }
    if (error) parts.push(element("p", { class: "error", role: "alert" }, error));
    return parts;
  }

  #footParts() {
    const answer = this.#answer;
    const retry = action("Retry", this.#actions.retry, "Answer again");
    const actions = element("div", { class: "actions" }, copyAction(answer), retry);
    if (hasWindows(answer)) {
      this.toggle = action("Window", () => this.#toggleWindow(), "Go through the window step by step");
      this.toggle.setAttribute("aria-expanded", String(this.#window !== null));
      actions.append(this.toggle);
    }
    if (answer.state === "done") {
      actions.append(action("Race", this.#actions.race, "Race this prompt against autoregressive decoding"));
    }
    if (answer.state === "stopped") actions.prepend(element("span", { class: "stopped" }, "Stopped"));
    return [actions, answer.tokenIds.length ? figures(answer) : "", this.#window?.element ?? ""];
  }

  #toggleWindow() {
    if (this.#window) {
      this.#window.pause();
      this.#window.element.remove();
      this.#window = null;
    } else {
      this.#window = new WindowView(this.#answer.steps);
      this.foot.append(this.#window.element);
      this.#window.show(0);
      this.#window.play();
      this.#window.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
    this.toggle.setAttribute("aria-expanded", String(this.#window !== null));
  }
}
