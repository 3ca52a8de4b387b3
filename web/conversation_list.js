// The list of conversations at the side.

import { button, element } from "./dom.js";
import { titleOf } from "./conversation.js";

function entry(conversation, isOpen, hooks) {
  const title = titleOf(conversation);
  return element(
    "li",
    { class: isOpen ? "open" : "" },
    button(title, () => hooks.open(conversation), { class: "conversation-title", title, "aria-current": isOpen ? "page" : undefined }),
    button("✕", () => hooks.remove(conversation), { class: "icon-button remove", "aria-label": `Delete “${title}”`, title: "Delete" }),
  );
}

/// `hooks`: open(conversation), remove(conversation).
export function showConversations(list, conversations, opened, hooks) {
  const focused = list.contains(document.activeElement);
  list.replaceChildren(...conversations.map((conversation) => entry(conversation, conversation === opened, hooks)));
  if (focused) list.querySelector(".open button, button")?.focus();
}
