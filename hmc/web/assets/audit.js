// SPDX-License-Identifier: Apache-2.0
// The audit log, for platform administrators: the newest first, page by page.
import { get } from "./api.js";
import { refused } from "./dialog.js";
import { $, el } from "./dom.js";
import { moment } from "./text.js";

const PAGE = 100;
let oldest = 0;

const row = entry => el("tr", { class: entry.outcome === "NP0000" ? "" : "bad" },
  [moment(entry.at), entry.user, entry.address, entry.run].map(text => el("td", {}, text ?? "")),
  el("td", {}, entry.what), el("td", {}, entry.outcome === "NP0000" ? "✓" : entry.outcome), el("td", { lang: "en" }, entry.text ?? ""));

async function load(before) {
  try {
    const { rows } = await get(`/api/audit?before=${before}&n=${PAGE}`);
    if (!before) $("audit").replaceChildren();
    $("audit").append(...rows.map(row));
    if (rows.length) oldest = rows[rows.length - 1].id;
    $("audit-older").disabled = rows.length < PAGE;
    $("audit-none").hidden = $("audit").children.length > 0;
  } catch (refusal) {
    refused(refusal);
  }
}

export const openAudit = () => load(0);

export function startAudit() {
  $("audit-older").addEventListener("click", () => load(oldest));
  $("audit-refresh").addEventListener("click", () => load(0));
}
