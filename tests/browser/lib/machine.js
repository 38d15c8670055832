// SPDX-License-Identifier: Apache-2.0
// A running machine and its console: `numaplex run` of the overload story, which waits to be let go, and numaplex-hmc, with a user
// of each role. Both end with the test.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = process.env.NUMAPLEX_BIN, source = new URL("../../../", import.meta.url).pathname;
export const PASSWORD = "correct horse battery";
const roles = { anna: "platform administrator", olaf: "operator", vera: "viewer" };

// A process of ours; `heard` resolves with what a pattern found in its output, and fails when it ends before.
function start(arguments_, cwd) {
  const child = spawn(join(bin, "numaplex"), arguments_, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise(resolve => child.on("exit", resolve));
  let output = "";
  const waiting = [];
  const look = () => waiting.forEach(one => {
    const found = one.pattern.exec(output);
    if (found) one.resolve(found);
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", text => { output += text; look(); });
  const heard = pattern => new Promise((resolve, reject) => {
    waiting.push({ pattern, resolve });
    look();
    ended.then(status => reject(new Error(`numaplex ${arguments_.join(" ")} ended with ${status}:\n${output}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 20000);
    await ended;
    clearTimeout(late);
  };
  return { child, heard, stop, said: () => output };
}

export class RealMachine {
  // options: of `numaplex run`, besides the scenario, which lies below the source tree
  async start(options, scenario = "deploy/scenarios/sun-overload.yaml") {
    this.folder = mkdtempSync(join(tmpdir(), "numaplex-browser-"));
    const state = join(this.folder, "state");
    for (const [name, role] of Object.entries(roles)) {
      const added = spawnSync(join(bin, "numaplex"), ["hmc", "user", "add", name, "--role", role, "--state", state, "--password-stdin"], { input: PASSWORD + "\n", encoding: "utf8" });
      if (added.status !== 0) throw new Error(`user ${name}: ${added.stderr}`);
    }
    this.run = start(["run", join(source, scenario), "--out", join(this.folder, "runs/overload"), "--control", "--paused", "--hold", ...options], this.folder);
    this.console = start(["hmc", "--runs", join(this.folder, "runs"), "--state", state, "--listen", "127.0.0.1:0"], this.folder);
    this.port = Number((await this.console.heard(/Console at https:\/\/127\.0\.0\.1:(\d+)/))[1]);
  }

  log() {
    return [this.run?.said(), this.console?.said(), readFileSync(join(this.folder, "runs/overload/log"), "utf8")].join("\n---\n").slice(-4000);
  }

  async stop() {
    await this.console?.stop();
    await this.run?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
