// SPDX-License-Identifier: Apache-2.0
// The order of what a recorded program's threads did to its synchronisation words. References of different
// threads reach the recorder in no order; a SYNC is taken only when its word's versions before it have been,
// so a trace that is cut anywhere holds no version without those before it.
#ifndef NP_COORDINATOR_RECORD_SYNC_ORDER_H
#define NP_COORDINATOR_RECORD_SYNC_ORDER_H

#include "proto/trace/trace.h"

// An open hash table of words, 24 bytes each, at most half filled. Zeroed is empty.
struct sync_order {
    struct sync_word {
        uint64_t word;    // address
        uint32_t process; // number plus one; 0: free
        uint32_t version; // taken last
        uint32_t skipped; // versions that were taken but not recorded
    } * words;            // owned
    uint64_t capacity, n;
};

enum sync_turn {
    SYNC_NOW,   // it was its turn, and is taken
    SYNC_LATER, // others come first
    SYNC_NO_MEMORY
};

// Asks for a SYNC of a process, as the program numbered it. On SYNC_NOW ref->version is what the trace says:
// counted from the first one that is not skipped.
enum sync_turn sync_order_take(struct sync_order *order, uint32_t process, struct trace_ref *ref, bool skip);
void sync_order_free(struct sync_order *order);

#endif
