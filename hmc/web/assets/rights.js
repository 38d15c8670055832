// SPDX-License-Identifier: Apache-2.0
// What a user may do, as far as the page needs it to offer things or not. The server and the run decide; this only saves
// people the way to a refusal. Returns null when it may be done, else words that say why not.
import { t, word } from "./text.js";

const operators = ["power", "test", "keyswitch"];
const administrators = ["add", "delete", "move", "power", "test", "cell", "keyswitch", "tag", "reboot"];

const noRole = user => t("forbidden", word("role", user.role));

function listed(model, partition, board) {
  return model.partition(partition)?.available.includes(board) ? null : t("forbiddenListed", board, partition);
}

function theirs(user, partition) {
  return user.domains.includes(partition) ? null : t("forbiddenTheirs", partition);
}

function domainAdministrator(user, model, command) {
  if (!administrators.includes(command.verb)) return noRole(user);
  const from = command.board ? model.board(command.board)?.partition : null;
  const reasons = [from && theirs(user, from)];
  if (command.verb === "add" || command.verb === "move")
    reasons.push(command.partition && (theirs(user, command.partition) ?? listed(model, command.partition, command.board)));
  else if (command.partition) reasons.push(theirs(user, command.partition));
  return reasons.find(Boolean) ?? null;
}

export function mayCommand(user, model, command) {
  switch (user.role) {
    case "platform administrator": return null;
    case "operator": return operators.includes(command.verb) ? null : noRole(user);
    case "domain administrator": return domainAdministrator(user, model, command);
    default: return noRole(user);
  }
}

// The same for menus, with the code that the refusal would have.
export function whyNot(user, model, command) {
  if (model.over()) return "NP0816 " + word("errors", "NP0816");
  const reason = mayCommand(user, model, command);
  return reason && "NP0811 " + reason;
}

export function mayPace(user, what) {
  if (user.role === "platform administrator" || (user.role === "operator" && what !== "stop")) return null;
  return noRole(user);
}

export function mayType(user, partition) {
  if (user.role === "platform administrator" || user.role === "operator") return null;
  return user.role === "domain administrator" ? theirs(user, partition) : noRole(user);
}

export const mayAudit = user => user.role === "platform administrator";
