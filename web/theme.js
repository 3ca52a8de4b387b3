// Light, dark, or as the system has it. Runs before the page is drawn, so that nothing flashes.
(() => {
  const KEY = "wedlm.theme";
  const root = document.documentElement;

  function stored() {
    try {
      return localStorage.getItem(KEY) ?? "system";
    } catch {
      return "system";
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const choices = document.querySelectorAll("#theme-switch input");
    for (const choice of choices) {
      choice.checked = choice.value === stored();
      choice.addEventListener("change", () => {
        apply(choice.value);
        try {
          localStorage.setItem(KEY, choice.value);
        } catch {
          // It holds until the page is left.
        }
      });
    }
  });
})();
