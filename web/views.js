// The two views of the page, chat and race, as tabs.

import { byId } from "./dom.js";

const NAMES = ["chat", "race"];

export class Views {
  current = "chat";
  #onShow;

  /// `onShow(name)` is called when a view is shown.
  constructor(onShow) {
    this.#onShow = onShow;
    for (const name of NAMES) {
      const tab = byId(`${name}-tab`);
      tab.addEventListener("click", () => this.show(name));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = NAMES.find((one) => one !== name);
        this.show(other);
        byId(`${other}-tab`).focus();
      });
    }
  }

  show(name) {
    this.current = name;
    for (const one of NAMES) {
      const isShown = one === name;
      byId(`${one}-view`).hidden = !isShown;
      const tab = byId(`${one}-tab`);
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
    this.#onShow(name);
  }
}
