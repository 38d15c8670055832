// SPDX-License-Identifier: Apache-2.0
// The web console as a process: `numaplex hmc`, started on a free port, with what it says of itself.
#ifndef NP_TESTS_LIB_CONSOLE_PROCESS_H
#define NP_TESTS_LIB_CONSOLE_PROCESS_H

#include "tests/lib/process.h"

struct console_process {
    struct test_process process;
    unsigned port;        // at 127.0.0.1
    char fingerprint[96]; // of its certificate
    char password[64];    // of the first user, "admin"; "": this is not the first start
};

// Starts it over a folder of runs, with a state folder, and waits until it has said where it is. `said`: a
// file for its output, made anew. Port 0: any. The test stops when that does not come.
void console_start(struct console_process *console, const char *runs, const char *state, const char *said,
                   unsigned port);

#endif
