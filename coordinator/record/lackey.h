// SPDX-License-Identifier: Apache-2.0
// Reads the text that valgrind's lackey writes for one process with --trace-mem=yes and --trace-sched=yes:
//
//     ==812== Command: sort in.txt                          a new address space (at its start, and after a
//     fork)
//     ==812== Parent PID: 811
//     --812--   SCHED[2]:  acquired lock (thread_wrapper)   thread 2 runs from here on
//     I  04001090,3                                         fetch of 3 bytes
//      L 1ffeffe7e,8                                        load; S and M are store and modify
//
// Everything else is skipped. Pure: the caller fills the buffer.
#ifndef NP_COORDINATOR_RECORD_LACKEY_H
#define NP_COORDINATOR_RECORD_LACKEY_H

#include <stddef.h>

#include "proto/trace/trace.h"

#define LACKEY_BUFFER (256u << 10) // many times what valgrind writes between two visits

enum lackey_event {
    LACKEY_NEEDS_TEXT, // everything whole has been read
    LACKEY_REF,        // ref is set
    LACKEY_THREAD,     // thread is set
    LACKEY_COMMAND     // command is set
};

struct lackey {
    size_t at, whole, filled; // read so far; end of the last whole line; end of the text
    struct trace_ref ref;
    uint32_t thread;
    char command[TRACE_COMMAND_MAX];
    char remark[200]; // last line that is none of ours: what valgrind says when it cannot go on
    char text[LACKEY_BUFFER];
};

// Room for more text, to be announced with lackey_add. There is always some after LACKEY_NEEDS_TEXT.
char *lackey_room(struct lackey *lackey, size_t *bytes);
void lackey_add(struct lackey *lackey, size_t bytes);

enum lackey_event lackey_next(struct lackey *lackey);

#endif
