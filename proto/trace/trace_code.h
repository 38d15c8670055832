// SPDX-License-Identifier: Apache-2.0
// References to bytes and back. Each reference is one tag byte, followed by a number only where the predictor
// is wrong, so that zstd afterwards sees the program's loops as repetitions of the same few bytes. Pure: no
// I/O.
#ifndef NP_PROTO_TRACE_TRACE_CODE_H
#define NP_PROTO_TRACE_TRACE_CODE_H

#include <stddef.h>

#include "proto/trace/trace.h"

// Entries of each prediction table. Twice as many save less than 2 % of the bytes of a recorded sort; this
// many stay within a host's L2 cache. Part of the format: another size is another version.
#define TRACE_TABLE 4096u

// The same for the versions of synchronisation words, of which a block holds few.
#define TRACE_WORDS_TABLE 1024u

// The most bytes that one reference takes, or a malformed one makes its reader read: tag and two numbers.
#define TRACE_CODE_BYTES_MAX 21u

// What both sides know after the same references. Starts as all zeros in each block.
struct trace_predictor {
    uint64_t fetch;                  // address of the last fetch
    uint64_t following;              // address just behind it
    uint64_t ordinal;                // data references since it
    uint64_t last[TRACE_KIND_COUNT]; // last address of each kind
    uint64_t successor[TRACE_TABLE]; // where the program went last time when it did not go straight on
    struct {
        uint64_t address, stride;
    } data[TRACE_TABLE];                 // last data reference of an instruction
    uint32_t version[TRACE_WORDS_TABLE]; // last version of a synchronisation word
};

// Writes one reference at `to`, which has room for TRACE_CODE_BYTES_MAX, and returns the bytes used.
size_t trace_encode(struct trace_predictor *predictor, const struct trace_ref *ref, uint8_t *to);

// Reads `count` references from *at on and moves *at behind them. Returns how many were well-formed: fewer
// than count means damage at *at. Bytes from `end` to `end` + TRACE_CODE_BYTES_MAX must be readable; a
// reference that reaches into them counts as damage.
size_t trace_decode(struct trace_predictor *predictor, const uint8_t **at, const uint8_t *end,
                    struct trace_ref *refs, size_t count);

#endif
