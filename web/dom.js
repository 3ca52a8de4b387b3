// Making elements. Text given here is always text: nothing is read as HTML.

/// An element with properties (`class`, `dataset`, `on…` listeners, everything else by its own name or as attribute) and
/// children (elements, texts; null and false are left out).
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") made.className = value;
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "role") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/// A button that does one thing. `label` is for those who do not see `text`, if that says less.
export function button(text, onclick, properties = {}) {
  return element("button", { type: "button", onclick, ...properties }, text);
}

export const byId = (id) => document.getElementById(id);

/// Says it to those who listen to the page instead of seeing it.
export function announce(text) {
  byId("announcement").textContent = text;
}

/// At most one call of `run` for each picture drawn, also where it is asked for more often.
export function oncePerFrame(run) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      run();
    });
  };
}
