// SPDX-License-Identifier: Apache-2.0
// Requests to the console's server. A refusal is thrown as Refusal, with its stable code.
import { knows, t, word } from "./text.js";

let csrf = "";
let run = "";
let onExpired = () => {};

export class Refusal extends Error {
  constructor(status, body) {
    super(body?.text || body?.meaning || t("unreachable"));
    this.status = status;
    this.code = body?.code ?? null;
    this.meaning = body?.meaning ?? "";
    this.text = body?.text ?? "";
  }

  // In the language of the page what is known of the code, else what the server says it means.
  get words() {
    return knows("errors", this.code) ? word("errors", this.code) : this.meaning || this.message;
  }
}

export const chooseRun = name => { run = name ?? ""; };
export const chosenRun = () => run;
export const whenExpired = handler => { onExpired = handler; };

export function machine(path, query = {}) {
  const parameters = new URLSearchParams(run ? { run, ...query } : query).toString();
  return "/api/" + path + (parameters ? "?" + parameters : "");
}

async function ask(url, options) {
  let answer, body;
  try {
    answer = await fetch(url, { cache: "no-store", ...options });
  } catch {
    throw new Refusal(0, null);
  }
  try {
    body = await answer.json();
  } catch {
    throw new Refusal(answer.status, null);
  }
  if (answer.ok) return body;
  const refusal = new Refusal(answer.status, body);
  if (answer.status === 401 && url !== "/api/login") onExpired();
  throw refusal;
}

export const get = url => ask(url);

export function post(url, body) {
  return ask(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body) });
}

function taken(session) {
  csrf = session.csrf ?? csrf;
  return session;
}

export const session = async () => taken(await get("/api/session"));
export const login = async (user, password) => taken(await post("/api/login", { user, password }));
export const logout = () => post("/api/logout", {});
