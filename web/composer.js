// Where prompts are written: grows with them, Enter sends, Shift+Enter breaks the line, Escape stops.

import { byId } from "./dom.js";

export class Composer {
  #area = byId("prompt");
  #send = byId("send");
  #stop = byId("stop");
  #isReady = false;
  #isRunning = false;

  /// `hooks`: send(text), stop(), editLast().
  constructor(hooks) {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(hooks);
    });
    this.#stop.addEventListener("click", () => {
      hooks.stop();
      this.focus();
    });
    this.#area.addEventListener("input", () => this.#fit());
    this.#area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit(hooks);
      } else if (event.key === "ArrowUp" && this.#area.value === "") {
        event.preventDefault();
        hooks.editLast();
      }
    });
    this.#show();
  }

  #submit(hooks) {
    const text = this.#area.value.trim();
    if (!text || !this.#isReady || this.#isRunning) return;
    this.write("");
    hooks.send(text);
  }

  #fit() {
    this.#area.rows = Math.min(8, this.#area.value.split("\n").length);  // where CSS cannot fit it
    this.#show();
  }

  #show() {
    this.#send.disabled = !this.#isReady || this.#area.value.trim() === "";
    this.#send.hidden = this.#isRunning;
    this.#stop.hidden = !this.#isRunning;
  }

  write(text) {
    this.#area.value = text;
    this.#fit();
  }

  focus() {
    this.#area.focus();
  }

  set placeholder(text) {
    this.#area.placeholder = text;
  }

  set isReady(value) {
    this.#isReady = value;
    this.#show();
  }

  set isRunning(value) {
    const hadFocus = document.activeElement === this.#stop || document.activeElement === this.#send;
    this.#isRunning = value;
    this.#show();
    if (hadFocus) this.focus();
  }
}
