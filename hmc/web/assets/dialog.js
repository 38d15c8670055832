// SPDX-License-Identifier: Apache-2.0
// Dialogs of the browser, which keep the focus inside and give it back; and notices, which go by themselves.
import { $, calm, el, say } from "./dom.js";
import { errorWords, knows, t } from "./text.js";

let numbers = 0;

// Shows a dialog with a heading, content and buttons; resolves with the value of the button, or "" when it was left by Escape.
// buttons: [{value, text, class, disabled}]; the last one is what Enter means. ready(dialog) sees it once it is open.
export function ask(heading, content, buttons, ready) {
  return new Promise(resolve => {
    const id = "dialog-" + ++numbers;
    const foot = el("div", { class: "foot" }, buttons.map(button => el("button", { type: "submit", value: button.value,
      class: button.class, disabled: button.disabled }, button.text)));
    const form = el("form", { method: "dialog" }, el("h2", { id }, heading), content, foot);
    const dialog = el("dialog", { "aria-labelledby": id }, form);
    const submit = foot.lastElementChild;
    // Enter in a field presses the first button of a form; here it has to be the last.
    form.addEventListener("keydown", event => {
      if (event.key !== "Enter" || event.target.closest("button, textarea, summary")) return;
      event.preventDefault();
      if (!submit.disabled) submit.click();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    ready?.(dialog);
  });
}

export const confirm = (question, text, dangerous) => ask(question, "", [{ value: "", text: t("cancel") },
  { value: "yes", text, class: dangerous ? "danger" : "primary" }]).then(value => value === "yes");

// A line at the edge of the page for some seconds; errors stay until they are closed, or for long.
// detail: what exactly the machine said, in its English.
export function notice(text, kind = "good", code = null, detail = null) {
  const close = el("button", { type: "button", class: "quiet", "aria-label": t("close") }, "×");
  const box = el("div", { class: "notice-box " + kind }, el("span", {}, code ? el("b", { class: "code" }, code + " ") : null, text,
    detail ? el("small", { lang: "en", class: "soft" }, detail) : null), close);
  const leave = () => {
    if (calm() || !box.isConnected) box.remove();
    else box.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 250 }).finished.then(() => box.remove());
  };
  close.addEventListener("click", () => box.remove());
  $("notices").append(box);
  while ($("notices").children.length > 4) $("notices").firstElementChild.remove();
  setTimeout(leave, kind === "bad" ? 20000 : 6000);
  say((code ? code + ". " : "") + text, kind === "bad");
}

// What was refused, in the language of the page, and what exactly was said. about: {board, from, to} of what was asked for.
export function refused(refusal, about) {
  const words = knows("errors", refusal.code) ? errorWords(refusal.code, about) : refusal.words ?? String(refusal);
  notice(words, "bad", refusal.code, refusal.text && refusal.text !== words ? refusal.text : null);
}
