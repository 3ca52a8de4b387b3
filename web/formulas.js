// Formulas in markdown: $…$ and \(…\) in a line, $$…$$ and \[…\] set apart. They are taken before markdown looks at them,
// since it would read their underscores and backslashes, and come out as <span class="formula">.

const INLINE = [
  { open: "\\(", close: "\\)", isApart: false },
  { open: "\\[", close: "\\]", isApart: true },
  { open: "$$", close: "$$", isApart: true },
  { open: "$", close: "$", isApart: false },
];

/// Prices are no formulas: after "$" and before the closing one stands no space, and after it no digit.
function isFormula(source, from, to, delimiter) {
  if (to <= from) return false;
  if (delimiter.open !== "$") return true;
  return !/\s/.test(source[from]) && !/\s/.test(source[to - 1]) && !/\d/.test(source[to + 1] ?? "");
}

function inlineRule(state, silent) {
  const delimiter = INLINE.find(({ open }) => state.src.startsWith(open, state.pos));
  if (!delimiter) return false;
  const from = state.pos + delimiter.open.length;
  const to = state.src.indexOf(delimiter.close, from);
  if (to < 0 || to > state.posMax || !isFormula(state.src, from, to, delimiter)) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = state.src.slice(from, to);
    token.meta = { isApart: delimiter.isApart };
  }
  state.pos = to + delimiter.close.length;
  return true;
}

function blockRule(state, startLine, endLine, silent) {
  const lineText = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
  const first = lineText(startLine);
  const delimiter = INLINE.find(({ open, isApart }) => isApart && first.startsWith(open));
  if (!delimiter) return false;
  let text = first.slice(delimiter.open.length);
  let line = startLine;
  while (!text.includes(delimiter.close)) {
    if (++line >= endLine) return false;
    text += "\n" + lineText(line);
  }
  const end = text.indexOf(delimiter.close);
  if (text.slice(end + delimiter.close.length).trim() !== "") return false;
  if (silent) return true;
  const token = state.push("formula", "", 0);
  token.content = text.slice(0, end);
  token.meta = { isApart: true };
  token.block = true;
  state.line = line + 1;
  return true;
}

export function formulaRules(markdown) {
  markdown.inline.ruler.before("escape", "formula", inlineRule);
  markdown.block.ruler.before("fence", "formula", blockRule, { alt: ["paragraph"] });
  markdown.renderer.rules.formula = (tokens, index) => {
    const { content, meta, block } = tokens[index];
    const span = `<span class="formula${meta.isApart ? " apart" : ""}">${markdown.utils.escapeHtml(content)}</span>`;
    return block ? `<p>${span}</p>` : span;
  };
}

/// Sets the formulas below `root`. By elements and their properties: inline styles in HTML are not allowed here, also not
/// those of the library's own messages, so that a formula it cannot read stays as it was written.
export function setFormulas(root, katex) {
  for (const place of root.querySelectorAll("span.formula")) {
    const source = place.textContent;
    try {
      katex.render(source, place, { displayMode: place.classList.contains("apart"), throwOnError: true, maxExpand: 200, maxSize: 20 });
    } catch {
      place.textContent = source;
      place.classList.add("unread");
    }
  }
}
