// SPDX-License-Identifier: Apache-2.0
// A *run* is what a program does between two jumps: instructions fetched one behind the other, and the data
// that each touches. Programs repeat a few thousand runs over and over, so a trace describes a run once and
// then says which comes next and where its data lie. Whoever replays a trace gets whole runs, too, and can
// deal with one at a time.
#ifndef NP_PROTO_TRACE_TRACE_RUN_H
#define NP_PROTO_TRACE_TRACE_RUN_H

#include "proto/trace/trace.h"

#define TRACE_RUN_ITEMS_MAX 64u // longer runs are cut

// One reference of a run. A fetch begins where the last one ended.
struct trace_item {
    uint8_t kind; // enum trace_kind, never SYNC
    uint8_t size; // bytes; 0: the only reference of its run, whose size the reader has
};

struct trace_run {
    uint64_t start;      // of its first fetch
    uint32_t bytes;      // fetched
    uint32_t first_item; // in the list of items
    uint32_t first_slot; // of its data references, in the list of slots
    uint32_t next;       // the run that followed last time, or TRACE_NO_RUN
    uint32_t serial;     // of this description: another one in its place has another
    uint8_t n_items, n_data;
};
#define TRACE_NO_RUN UINT32_MAX

// Where a run stands among those that a reader remembers: what is noted of a run can be kept by this.
#define TRACE_RUNS_MAX  4096u
#define TRACE_SLOTS_MAX 6144u // data references of all of them

#endif
