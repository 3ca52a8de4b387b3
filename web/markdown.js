// Text of a model to elements. HTML in it is shown as text; what markdown makes of the rest is sanitised once more.

import { copy } from "./clipboard.js";
import { button, element } from "./dom.js";
import { formulaRules, setFormulas } from "./formulas.js";
import { libraries } from "./libraries.js";

const SANITISED = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: [
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "s", "a", "code", "pre", "blockquote",
    "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "span",
  ],
  ALLOWED_ATTR: ["href", "title", "class", "start"],
};

let reader = null;

function markdownReader() {
  if (reader === null) {
    // No pictures: they would be fetched from elsewhere.
    reader = libraries.markdown({ html: false, linkify: true, breaks: true }).disable("image");
    if (libraries.formulas) formulaRules(reader);
  }
  return reader;
}

function finishLinks(root) {
  for (const link of root.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}

function highlight(code) {
  const { highlight: library } = libraries;
  const language = /\blanguage-(\S+)/.exec(code.className)?.[1];
  if (!library || !language || !library.getLanguage(language)) return;
  if (library.highlightElement) library.highlightElement(code);
  else library.highlightBlock(code);  // its name before version 10.7
}

function finishCode(root) {
  for (const code of root.querySelectorAll("pre > code")) {
    highlight(code);
    const text = code.textContent;
    const copier = button("Copy", () => copy(text, copier), { class: "code-copy" });
    code.parentElement.append(copier);
  }
}

function finishTables(root) {
  for (const table of root.querySelectorAll("table")) {
    const frame = element("div", { class: "table-frame" });
    table.replaceWith(frame);
    frame.append(table);
  }
}

function read(text) {
  const root = element("div", { class: "formatted" });
  root.append(libraries.purify.sanitize(markdownReader().render(text), SANITISED));
  finishLinks(root);
  finishCode(root);
  finishTables(root);
  if (libraries.formulas) setFormulas(root, libraries.formulas);
  return root;
}

/// What to show for `text`: the text itself where a library is missing or fails at it.
export function formatted(text) {
  if (libraries.markdown && libraries.purify) {
    try {
      return read(text);
    } catch (error) {
      console.warn(error);
    }
  }
  return element("div", { class: "plain" }, text);
}
