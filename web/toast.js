// A line at the foot of the page, for a few seconds, with one thing that can be done about it.

import { button, byId, element } from "./dom.js";

const SECONDS = 7;
let timer = null;

export function toast(text, actionName, action) {
  const root = byId("toast");
  const hide = () => (root.hidden = true);
  root.replaceChildren(
    element("span", {}, text),
    button(actionName, () => {
      hide();
      action();
    }, { class: "text-button small" }),
  );
  root.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(hide, SECONDS * 1000);
}
