// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/random_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/trace/trace_writer.h"

struct random_trace random_trace(uint64_t seed)
{
    return (struct random_trace){rng_for(seed, 0), 0x401000, UINT64_C(0x7ffe0000), 0};
}

static struct trace_ref extreme(struct rng *rng)
{
    uint16_t size = (uint16_t)(1 + rng_below(rng, TRACE_SIZE_MAX));
    uint64_t address = rng_next(rng);
    uint64_t choice = rng_below(rng, 4);
    if (choice == 0)
        address = 0;
    if (choice == 1 || address > UINT64_MAX - size)
        address = UINT64_MAX - size;
    return (struct trace_ref){address, size, (uint8_t)rng_below(rng, TRACE_MODIFY + 1), 0};
}

// Words that are used again and again, whose versions go on by small steps, and now and then by a large one.
static struct trace_ref sync_or_peek(struct random_trace *trace)
{
    struct rng *rng = &trace->rng;
    uint64_t address = 0x601000 + TRACE_WORD * rng_below(rng, 5);
    if (rng_below(rng, 3) == 0)
        return (struct trace_ref){address - 2, (uint16_t)(1 + rng_below(rng, 9)), TRACE_PEEK, 0};
    trace->version += 1 + (uint32_t)rng_below(rng, rng_below(rng, 9) ? 4 : UINT32_MAX);
    return (struct trace_ref){address, TRACE_WORD, TRACE_SYNC, trace->version};
}

struct trace_ref random_trace_next(struct random_trace *trace)
{
    struct rng *rng = &trace->rng;
    uint64_t choice = rng_below(rng, 1000);
    if (choice < 5)
        return extreme(rng);
    if (choice < 25)
        return sync_or_peek(trace);
    if (choice < 650) {
        struct trace_ref fetch = {trace->fetch, (uint16_t)(1 + (trace->fetch & 7)), TRACE_FETCH, 0};
        bool jumps = rng_below(rng, 20) == 0;
        trace->fetch = jumps ? 0x401000 + 16 * rng_below(rng, 64) : trace->fetch + fetch.size;
        return fetch;
    }
    trace->data += choice < 900 ? 8 : rng_below(rng, 1 << 20);
    return (struct trace_ref){trace->data, (uint16_t)(1u << rng_below(rng, 7)),
                              (uint8_t)(TRACE_LOAD + rng_below(rng, 3)), 0};
}

bool trace_refs_equal(const struct trace_ref *a, const struct trace_ref *b)
{
    return a->address == b->address && a->size == b->size && a->kind == b->kind && a->version == b->version;
}

void test_folder(char path[PATH_MAX_BYTES])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, PATH_MAX_BYTES, "%.900s/numaplex-test-XXXXXX", parent ? parent : "/tmp");
    NP_ASSERT(mkdtemp(path));
}

static uint64_t put_some(struct trace_writer *writer, uint32_t stream, struct random_trace *source,
                         uint64_t count)
{
    struct err err;
    for (uint64_t i = 0; i < count; i++) {
        struct trace_ref ref = random_trace_next(source);
        NP_ASSERT(trace_put(writer, stream, &ref, &err) == ERR_OK);
    }
    return count;
}

static void put_in_turns(struct trace_writer *writer, uint64_t seed, uint32_t streams, const uint64_t *refs)
{
    struct random_trace *sources = calloc(streams, sizeof *sources);
    uint64_t *left = calloc(streams, sizeof *left), total = 0;
    NP_ASSERT(sources && left);
    for (uint32_t i = 0; i < streams; i++) {
        sources[i] = random_trace(seed + i);
        left[i] = refs[i];
        total += refs[i];
    }
    struct rng rng = rng_for(seed, UINT64_MAX);
    while (total > 0) {
        uint32_t i = (uint32_t)rng_below(&rng, streams);
        uint64_t turn = 1 + rng_below(&rng, 5000);
        uint64_t put = put_some(writer, i, &sources[i], turn < left[i] ? turn : left[i]);
        left[i] -= put;
        total -= put;
    }
    free(sources);
    free(left);
}

void write_random_trace(const char *path, uint64_t seed, uint32_t streams, const uint64_t *refs)
{
    struct trace_writer *writer;
    struct err err;
    NP_ASSERT(trace_create(path, &writer, &err) == ERR_OK);
    for (uint32_t i = 0; i < streams; i++) {
        uint32_t number;
        NP_ASSERT(trace_add_stream(writer, i / 2, 1 + i % 2, "random", &number, &err) == ERR_OK);
        NP_ASSERT(number == i);
    }
    put_in_turns(writer, seed, streams, refs);
    for (uint32_t i = 0; i < streams; i += 2) {
        struct trace_symbol symbol = {0x401000 + 16 * i, 1024, i / 2, "code"};
        NP_ASSERT(trace_put_symbol(writer, &symbol, &err) == ERR_OK);
        symbol = (struct trace_symbol){0x601000, 20, i / 2, "words"};
        NP_ASSERT(trace_put_symbol(writer, &symbol, &err) == ERR_OK);
    }
    struct trace_origin origin = {.tool = "random",
                                  .arch = "none",
                                  .page_bytes = 4096,
                                  .argv_bytes = 12,
                                  .argv = "random\0seed",
                                  .complete = true};
    NP_ASSERT(trace_finish(writer, &origin, NULL, &err) == ERR_OK);
}
