// SPDX-License-Identifier: Apache-2.0
// Joins a run that goes on (coordinator/run/drive_live.h) and the consoles that ask about it (api_server.h).
#ifndef NP_COORDINATOR_CONTROL_LIVE_H
#define NP_COORDINATOR_CONTROL_LIVE_H

#include "coordinator/run/drive_live.h"
#include "proto/base/machine.h"

struct live;

// Opens the control socket in the run folder (absolute) and says so in *hooks, which the run is to be driven
// with. The machine must outlive it. ERR_SOCKET, ERR_FILE. The caller owns *live.
enum err_code live_open(struct live **live, const struct machine *machine, const char *folder,
                        struct drive_live_hooks *hooks, struct err *err);

// After the run: consoles may look at how it stood, until somebody stops it: by its console, or SIGINT or
// SIGTERM.
void live_hold(struct live *live);

// Consoles hear that the run has ended. NULL is allowed.
void live_close(struct live *live);

#endif
