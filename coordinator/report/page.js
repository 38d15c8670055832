// SPDX-License-Identifier: Apache-2.0
// Draws the charts of a page from the data beside them, by draw.js. Redraws when the screen's scheme changes, and in light
// colours, at the width and sharpness of paper, for printing.
(() => {
  "use strict";
  const root = document.documentElement;
  const figures = new Map(); // figure -> its chart once drawn

  function draw(figure) {
    const drawn = figures.get(figure);
    if (drawn) drawn.destroy();
    const data = JSON.parse(figure.querySelector("script").textContent);
    figures.set(figure, new Chart(figure.querySelector("canvas"), numaplexDraw.configuration(data)));
  }

  const redraw = () => figures.forEach((chart, figure) => { if (chart) draw(figure); });

  // One chart at a time, from the top: a page of many charts can be read and scrolled meanwhile.
  function drawNext() {
    for (const [figure, chart] of figures)
      if (!chart) {
        draw(figure);
        setTimeout(drawNext);
        return;
      }
  }

  function contents() {
    const headings = document.querySelectorAll("section > h2");
    if (headings.length < 3) return;
    const nav = document.createElement("nav");
    for (const heading of headings) {
      const link = document.createElement("a");
      link.href = "#" + heading.parentNode.id;
      link.textContent = heading.textContent;
      nav.append(link, " ");
    }
    document.querySelector("header").after(nav);
  }

  contents();
  if (window.Chart) Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const figure of document.querySelectorAll("figure.chart")) figures.set(figure, null);
  setTimeout(drawNext);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    figures.forEach((chart, figure) => draw(figure));
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    redraw();
  });
})();
