// What two texts have in common, word by word.

const MOST_CELLS = 4_000_000;  // of the table of common lengths

const wordsOf = (text) => text.match(/\s+|[^\s]+/g) ?? [];

function commonLengths(a, b) {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; --i) {
    for (let j = b.length - 1; j >= 0; --j) {
      const longer = Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : longer;
    }
  }
  return table;
}

function add(parts, kind, word) {
  const last = parts.at(-1);
  if (last?.kind === kind) last.text += word;
  else parts.push({ kind, text: word });
}

function middle(a, b, parts) {
  if (a.length * b.length > MOST_CELLS) {
    a.forEach((word) => add(parts, "first", word));
    b.forEach((word) => add(parts, "second", word));
    return;
  }
  const table = commonLengths(a, b);
  const width = b.length + 1;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add(parts, "both", a[i++]);
      j++;
    } else if (i < a.length && (j === b.length || table[(i + 1) * width + j] >= table[i * width + j + 1])) {
      add(parts, "first", a[i++]);
    } else {
      add(parts, "second", b[j++]);
    }
  }
}

/// Parts in order, each { kind: "both" | "first" | "second", text }: those of both and of the first make the first text.
export function difference(first, second) {
  const a = wordsOf(first);
  const b = wordsOf(second);
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const parts = [];
  a.slice(0, start).forEach((word) => add(parts, "both", word));
  middle(a.slice(start, a.length - end), b.slice(start, b.length - end), parts);
  a.slice(a.length - end).forEach((word) => add(parts, "both", word));
  return parts;
}
