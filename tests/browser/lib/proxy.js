// SPDX-License-Identifier: Apache-2.0
// A line between browser and server that can be cut: TCP, whatever goes over it.
import { connect, createServer } from "node:net";

export class Line {
  constructor(port) {
    this.target = port;
    this.sockets = new Set();
    this.up = true;
    this.server = createServer(socket => this.accept(socket));
  }

  async start() {
    await new Promise(resolve => this.server.listen(0, "127.0.0.1", resolve));
    return this.server.address().port;
  }

  accept(socket) {
    if (!this.up) {
      socket.resetAndDestroy?.() ?? socket.destroy();
      return;
    }
    const other = connect(this.target, "127.0.0.1");
    for (const [a, b] of [[socket, other], [other, socket]]) {
      this.sockets.add(a);
      a.pipe(b);
      a.on("error", () => b.destroy());
      a.on("close", () => {
        this.sockets.delete(a);
        b.destroy();
      });
    }
  }

  cut() {
    this.up = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.up = true;
  }

  async stop() {
    this.cut();
    await new Promise(resolve => this.server.close(resolve));
  }
}
