// SPDX-License-Identifier: Apache-2.0
// Consoles on standard output, while a run goes on or afterwards. One console is shown as it comes; of
// several, whole lines, each behind its partition's name. Between partitions the order is that in which text
// arrives here: they know nothing of one another.
#ifndef NP_COORDINATOR_RUN_CONSOLE_VIEW_H
#define NP_COORDINATOR_RUN_CONSOLE_VIEW_H

#include <stdio.h>

#include "coordinator/run/options.h"
#include "coordinator/run/progress.h"
#include "proto/base/machine.h"

#define CONSOLE_LINE_MAX 4096u // of several consoles: a longer line is shown in parts

struct console_line {
    uint32_t n;
    uint8_t *bytes; // [CONSOLE_LINE_MAX], owned; NULL until needed
};

struct console_view {
    const struct machine *machine; // borrowed
    FILE *out;
    bool terminal; // control characters are made visible instead of obeyed
    uint32_t n;    // consoles shown
    bool shown[PARTITIONS_MAX];
    bool inside;                // the last line that was shown has no end yet
    struct progress *progress;  // on the same terminal, or NULL; borrowed
    struct console_line *lines; // [partition], of several; owned
};

// Finds the partitions that --console names: `all`, or names. ERR_USAGE when there is none of that name (and
// which was probably meant), when it runs no guest, or when it is named twice.
enum err_code console_view_open(struct console_view *view, const struct run_command *command,
                                const struct machine *machine, struct progress *progress, struct err *err);
void console_view_free(struct console_view *view);

void console_view_put(struct console_view *view, uint32_t partition, const uint8_t *bytes, size_t size);
void console_view_flush(struct console_view *view);

// Shows lines that have no end, and ends them.
void console_view_end(struct console_view *view);

// Writes text of a guest. `terminal`: printable ASCII, ends of lines and tabs as they are, a carriage return
// before the end of a line not at all, everything else as ^X or \xNN.
void console_write(FILE *out, const uint8_t *bytes, size_t size, bool terminal);

#endif
