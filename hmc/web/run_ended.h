// SPDX-License-Identifier: Apache-2.0
// Runs that have ended, as their folders tell: looked at like others, and changed by nobody.
#ifndef NP_HMC_WEB_RUN_ENDED_H
#define NP_HMC_WEB_RUN_ENDED_H

#include <jansson.h>

#include "hmc/web/run_link.h"

// What an ended run left, and tells its browsers; read when it is first asked for. NULL: it goes on, or left
// nothing.
const struct client_last *run_last(struct run *run);

// The same for a run that nobody has looked at before. ERR_OVER: there is nothing to look at.
enum err_code run_open_ended(struct run *run, struct err *err);

// What a guest wrote on its console, from a byte on, as the run would have answered. ERR_UNKNOWN_NAME,
// ERR_STATE: it has none. The caller frees *text.
enum err_code run_ended_console(struct run *run, const struct api_console *asked, struct api_reply *reply,
                                struct err *err);

// The page with the results, of a folder of a run. ERR_OVER: there is none. The caller frees *page.
enum err_code run_report_read(const char *path, char **page, size_t *n, struct err *err);

#endif
