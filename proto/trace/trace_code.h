// SPDX-License-Identifier: Apache-2.0
// References to bytes and back, run by run (trace_run.h). Pure: no I/O. A record is
//
//     REPEAT  0 | count - 1 << 2                  the run that followed last time, its data in stride,
//     `count` times KNOWN   1 | predicted << 2 | in_stride << 3 [run] [modes, 2 bits per data reference,
//     addresses] NEW     2 start items kinds and sizes addresses LOOSE   3 | kind << 2 size address [versions
//     beyond the next]
//
// Numbers are those of trace_number.h. A data reference is predicted to lie as far from the last one of its
// place in its run as that from the one before; else its distance from that, or from the last one of its kind
// that was not predicted, is written.
#ifndef NP_PROTO_TRACE_TRACE_CODE_H
#define NP_PROTO_TRACE_TRACE_CODE_H

#include <stddef.h>

#include "proto/trace/trace_run.h"

// What both sides remember, beside TRACE_RUNS_MAX and TRACE_SLOTS_MAX. All are parts of the format: another
// size is another version. When a new run finds no room, all runs are forgotten.
#define TRACE_ITEMS_MAX   32768u
#define TRACE_WORDS_TABLE 1024u

// More bytes than one reference can cause to be written, or a record makes its reader read: a new run of 64
// data references with ten bytes each, and what was held back before it.
#define TRACE_CODE_BYTES_MAX 1024u

struct trace_slot {
    uint64_t last, stride;
    uint32_t kind; // enum trace_kind
};

// Starts as trace_memory_init leaves it, in each block; all zeros before.
struct trace_memory {
    uint32_t serial; // of the last run described; never starts again
    uint32_t n_runs, n_items, n_slots;
    uint32_t current;                    // the last run, or TRACE_NO_RUN
    uint64_t following;                  // address behind the last fetch
    uint64_t last[TRACE_KIND_COUNT];     // last address of each kind that was not predicted
    uint32_t version[TRACE_WORDS_TABLE]; // last version of a synchronisation word, by a hash
    struct trace_run runs[TRACE_RUNS_MAX];
    struct trace_item items[TRACE_ITEMS_MAX];
    struct trace_slot slots[TRACE_SLOTS_MAX];
};

void trace_memory_init(struct trace_memory *memory);

// Adds a run as the one that follows the current one, and makes it the current one. Both sides do it alike.
uint32_t trace_memory_add(struct trace_memory *memory, uint64_t start, const struct trace_item *items,
                          uint32_t n_items);
// Makes a known run the current one.
void trace_memory_follow(struct trace_memory *memory, uint32_t run);

uint32_t *trace_memory_version(struct trace_memory *memory, uint64_t address);

#define TRACE_RUN_TABLE 8192u

struct trace_encoder {
    struct trace_memory memory;
    uint16_t table[TRACE_RUN_TABLE]; // run + 1 by a hash of its shape; 0: empty
    uint32_t repeats;                // of a REPEAT not yet written
    // The run that is being gathered.
    uint64_t start, end;
    uint32_t n_items, n_data;
    struct trace_item items[TRACE_RUN_ITEMS_MAX];
    uint64_t address[TRACE_RUN_ITEMS_MAX];
};

void trace_encoder_init(struct trace_encoder *encoder);

// Takes one reference and writes what is ready at `to`, which has room for TRACE_CODE_BYTES_MAX. Returns the
// bytes written; most references are held back until their run ends.
size_t trace_encode(struct trace_encoder *encoder, const struct trace_ref *ref, uint8_t *to);

// Writes what was held back.
size_t trace_encode_end(struct trace_encoder *encoder, uint8_t *to);

struct trace_decoder {
    struct trace_memory memory;
    uint32_t repeats; // that the last REPEAT still asks for
    // The run that was decoded last.
    const struct trace_run *run;
    const struct trace_item *items;
    uint64_t address[TRACE_RUN_ITEMS_MAX]; // of its data references
    // A loose reference is a run of one item.
    struct trace_run loose_run;
    struct trace_item loose_item;
    uint16_t loose_size;
    uint32_t version;
};

void trace_decoder_init(struct trace_decoder *decoder);

// Decodes the next run, from *at on, and moves *at behind it. False: what is there makes no sense. Bytes from
// `end` to `end` + TRACE_CODE_BYTES_MAX must be readable; a record that reaches into them makes no sense.
bool trace_decode(struct trace_decoder *decoder, const uint8_t **at, const uint8_t *end);

// The bytes are used up.
static inline bool trace_decoded_all(const struct trace_decoder *decoder, const uint8_t *at,
                                     const uint8_t *end)
{
    return decoder->repeats == 0 && at == end;
}

enum trace_record { RECORD_REPEAT, RECORD_KNOWN, RECORD_NEW, RECORD_LOOSE };
enum trace_data_mode { DATA_IN_STRIDE, DATA_NEAR_OWN_LAST, DATA_NEAR_KIND_LAST, DATA_MODES };
#define TRACE_REPEATS_MAX 64u
// No address of a run is above: no reference of one can pass the end of the address space.
#define TRACE_RUN_ADDRESS_MAX (UINT64_MAX - TRACE_SIZE_MAX)

// Sizes of items have codes of five bits; 0 is none.
unsigned trace_size_code(uint32_t bytes); // 0: a size that no item of a run has
uint32_t trace_code_size(unsigned code);  // 0: no such code

#endif
