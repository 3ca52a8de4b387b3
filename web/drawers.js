// The sidebar and the settings: beside the conversation where there is room, over it on a phone.

import { byId } from "./dom.js";

const narrow = matchMedia("(max-width: 50rem)");

class Drawer {
  constructor(panel, opener, { startsOpen, onOpen }) {
    this.panel = panel;
    this.opener = opener;
    this.onOpen = onOpen ?? (() => {});
    opener.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.#show(startsOpen);
  }

  get isOpen() {
    return this.opener.getAttribute("aria-expanded") === "true";
  }

  #show(isOpen) {
    this.panel.hidden = !isOpen;
    this.opener.setAttribute("aria-expanded", String(isOpen));
  }

  open() {
    this.onOpen();
    this.#show(true);
    if (narrow.matches || this.panel.id === "settings") this.panel.querySelector("button, textarea, input")?.focus();
  }

  close() {
    const hadFocus = this.panel.contains(document.activeElement);
    this.#show(false);
    if (hadFocus) this.opener.focus();
  }
}

/// Both drawers; `fillSettings` is called before the settings open.
export class Drawers {
  #curtain = byId("curtain");

  constructor(fillSettings) {
    this.sidebar = new Drawer(byId("sidebar"), byId("sidebar-button"), { startsOpen: !narrow.matches });
    this.settings = new Drawer(byId("settings"), byId("settings-button"), { startsOpen: false, onOpen: fillSettings });
    this.#curtain.addEventListener("click", () => this.closeOverlaid());
    for (const { opener } of [this.sidebar, this.settings]) opener.addEventListener("click", () => this.#cover());
    narrow.addEventListener("change", () => {
      if (narrow.matches) this.sidebar.close();
      else this.sidebar.open();
      this.#cover();
    });
  }

  #cover() {
    this.#curtain.hidden = !(narrow.matches && (this.sidebar.isOpen || this.settings.isOpen));
  }

  closeSettings() {
    this.settings.close();
    this.#cover();
  }

  /// On a phone what was chosen in a drawer is behind it. Whether there was one to close.
  closeOverlaid() {
    if (!narrow.matches) return false;
    const wasOpen = this.sidebar.isOpen || this.settings.isOpen;
    this.sidebar.close();
    this.settings.close();
    this.#cover();
    return wasOpen;
  }
}
