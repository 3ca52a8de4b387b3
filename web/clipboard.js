// Copying text and saving it as a file.

import { announce } from "./dom.js";

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus();
}

/// Copies; the button says so for a moment.
export async function copy(text, button) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
  } else {
    copyBySelection(text);  // over plain HTTP browsers give no clipboard
  }
  const label = button.textContent;
  button.textContent = "Copied";
  button.disabled = true;
  announce("Copied");
  setTimeout(() => {
    button.textContent = label;
    button.disabled = false;
  }, 1200);
}

export function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
