// SPDX-License-Identifier: Apache-2.0
// Chooses light or dark before the page is drawn: as the user has switched it, else as the screen asks. A script of its own,
// not a module, because modules run after the first drawing.
(() => {
  "use strict";
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("numaplex.theme") ?? "auto"; } catch { return "auto"; } };
  const apply = () => {
    const choice = chosen();
    root.dataset.theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    root.dispatchEvent(new Event("themechange"));
  };
  window.numaplexTheme = {
    chosen,
    choose(choice) {
      try { localStorage.setItem("numaplex.theme", choice); } catch { /* without storage the choice ends with the page */ }
      apply();
      if (choice !== "auto") root.dataset.theme = choice;
    },
  };
  dark.addEventListener("change", apply);
  apply();
})();
