// SPDX-License-Identifier: Apache-2.0
// Text that guests write, on its way to the files and people that read it: consoles and instruction traces.
// Pieces of one stream are put in order by (time, source, seq). A console's text enters the digest at its
// board; a trace never does.
#ifndef NP_PROTO_BASE_TEXT_H
#define NP_PROTO_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/key.h"
#include "proto/base/limits.h"

enum text_stream { TEXT_CONSOLE, TEXT_INSTRUCTIONS, TEXT_STREAM_COUNT };

struct text_piece {
    sim_time time;
    component_id source; // the CPU
    uint64_t seq;        // from 0, assigned by the source per stream
    uint8_t stream;      // enum text_stream
    uint32_t size;       // 1 .. TEXT_BYTES_MAX
    uint8_t *bytes;      // owned by the list; any bytes, whatever the guest wrote
};

struct text_list {
    uint32_t n, capacity;
    struct text_piece *items;
};

void text_list_add(struct text_list *list, const struct text_piece *piece); // copies the bytes
// Adds a piece whose bytes, from malloc, become the list's.
void text_list_give(struct text_list *list, const struct text_piece *piece);

// Moves the pieces with times below `before` (SIM_NEVER: all), with their bytes, to the end of another list.
void text_list_move(struct text_list *to, struct text_list *from, sim_time before);

void text_list_clear(struct text_list *list); // keeps the memory
void text_list_free(struct text_list *list);

// The order of pieces of one stream: (time, source, seq).
bool text_before(const struct text_piece *a, const struct text_piece *b);

// Which CPUs' instructions are traced: all of a partition, or the one with this address.
#define TRACE_ALL_CPUS UINT32_MAX
struct instruction_trace {
    bool on;
    uint32_t partition;
    uint32_t cpu; // CPU address or TRACE_ALL_CPUS
};

#endif
