// The libraries that the server may have been built with. Each is loaded if it is there; without it text is shown plainly.

function loaded(path, name) {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = path;
    script.onload = () => resolve(globalThis[name] ?? null);
    script.onerror = () => resolve(null);
    document.head.append(script);
  });
}

// Debian 12's DOMPurify (2.4.1+deb12u1) looks at a variable of this name which nothing declares, and throws without it. The
// depth that it asks of it is checked again for each node.
globalThis.shadowNode ??= {};

function works(purify) {
  try {
    return purify?.isSupported === true && purify.sanitize("<b>a<script>b</script></b>") === "<b>a</b>";
  } catch {
    return false;
  }
}

/// Null stands for one that is not there or does not work.
export const libraries = { markdown: null, purify: null, highlight: null, formulas: null };

/// Resolves when all that are there are.
export async function loadLibraries() {
  const [markdown, purify, highlight, formulas] = await Promise.all([
    loaded("vendor/markdown-it.js", "markdownit"),
    loaded("vendor/purify.min.js", "DOMPurify"),
    loaded("vendor/highlight.min.js", "hljs"),
    loaded("vendor/katex/katex.js", "katex"),
  ]);
  Object.assign(libraries, { markdown, purify: works(purify) ? purify : null, highlight, formulas });
}
