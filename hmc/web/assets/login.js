// SPDX-License-Identifier: Apache-2.0
// The page before one is logged in, and changing the own password.
import { login, post, session } from "./api.js";
import { ask, refused } from "./dialog.js";
import { $, el } from "./dom.js";
import { t, word } from "./text.js";

let onLogin = () => {};

function show(element, text) {
  element.hidden = !text;
  element.textContent = text ?? "";
}

// note: why it stands here, if there is something to say.
export function showLogin(note) {
  $("app").hidden = true;
  $("login").hidden = false;
  show($("login-note"), note);
  show($("login-error"), null);
  $("login-password").value = "";
  ($("login-user").value ? $("login-password") : $("login-user")).focus();
}

async function submit(event) {
  event.preventDefault();
  const button = $("login-form").querySelector("button"), user = $("login-user"), password = $("login-password");
  const empty = [user, password].find(input => !input.value);
  if (empty) {
    empty.focus();
    return;
  }
  button.disabled = true;
  show($("login-error"), null);
  try {
    const answer = await attempt(user.value.trim(), password.value);
    password.value = "";
    $("login").hidden = true;
    onLogin(answer.user);
  } catch (refusal) {
    show($("login-error"), refusal.code === "NP0812" ? t("loginWrong") : refusal.words);
    if (refusal.code === "NP0813") $("login-error").append(el("small", { lang: "en" }, refusal.text)); // how long to wait
    password.select();
  }
  button.disabled = false;
}

// A page that stood open for long may hold the token of a cookie that is gone: then once more with a fresh one.
async function attempt(user, password) {
  try {
    return await login(user, password);
  } catch (refusal) {
    if (refusal.code !== "NP0811") throw refusal;
    await session();
    return login(user, password);
  }
}

export function startLogin(then) {
  onLogin = then;
  $("login-form").addEventListener("submit", submit);
}

// Resolves true when it was changed: then all sessions of the user have ended.
export async function changePassword(user) {
  const field = (key, name) => el("label", {}, el("span", {}, t(key)), el("input", { type: "password", name, required: true, maxlength: 256,
    autocomplete: name === "old" ? "current-password" : "new-password" }));
  const fields = el("div", { class: "fields" }, field("oldPassword", "old"), field("newPassword", "new"), field("newPasswordAgain", "again"));
  const value = await ask(t("changePassword"), [el("p", { class: "soft" }, t("loggedInAs", user.name, word("role", user.role))), fields],
    [{ value: "", text: t("cancel") }, { value: "change", text: t("confirm"), class: "primary" }]);
  if (value !== "change") return false;
  const [old, fresh, again] = [...fields.querySelectorAll("input")].map(input => input.value);
  if (fresh !== again) {
    refused({ code: null, text: "", words: t("passwordsDiffer") });
    return false;
  }
  try {
    await post("/api/password", { old, new: fresh });
    return true;
  } catch (refusal) {
    refused(refusal);
    return false;
  }
}
