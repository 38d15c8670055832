// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/thread_trace.h"

#include <stddef.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"

struct trace_writer *thread_trace_begin(const char *path, uint32_t threads)
{
    struct trace_writer *writer;
    struct err err;
    uint32_t stream;
    NP_ASSERT(trace_create(path, &writer, &err) == ERR_OK);
    for (uint32_t i = 0; i < threads; i++)
        NP_ASSERT(trace_add_stream(writer, 0, 1 + i, "threads", &stream, &err) == ERR_OK);
    return writer;
}

void thread_trace_put(struct trace_writer *writer, uint32_t stream, unsigned kind, uint64_t address,
                      uint32_t version)
{
    struct err err;
    struct trace_ref ref = {address, TRACE_WORD, (uint8_t)kind, version};
    NP_ASSERT(trace_put(writer, stream, &ref, &err) == ERR_OK);
}

void thread_trace_finish(struct trace_writer *writer)
{
    struct err err;
    NP_ASSERT(trace_finish(writer, &(struct trace_origin){0}, NULL, &err) == ERR_OK);
}

static void work_alone(struct trace_writer *writer, uint32_t stream, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        thread_trace_put(writer, stream, i % 3 ? TRACE_LOAD : TRACE_STORE,
                         THREAD_OWN + stream * PAGE_BYTES + i % 256 * 8, 0);
}

uint32_t write_lock_trace(const char *path, uint32_t threads, uint32_t turns, uint64_t seed)
{
    struct trace_writer *writer = thread_trace_begin(path, threads);
    struct rng rng = rng_for(seed, 1);
    uint32_t version = 0;
    for (uint32_t turn = 0; turn < threads * turns; turn++) {
        uint32_t s = seed ? (uint32_t)rng_below(&rng, threads) : turn % threads;
        work_alone(writer, s, 5 + 20 * (uint64_t)s);
        thread_trace_put(writer, s, TRACE_PEEK, THREAD_LOCK, 0);
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK, ++version);
        for (uint64_t i = 0; i < 16; i++)
            thread_trace_put(writer, s, i % 4 ? TRACE_LOAD : TRACE_MODIFY, THREAD_DATA + (turn + i) % 32 * 64,
                             0);
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK, ++version);
    }
    thread_trace_finish(writer);
    return version;
}

// One round of all threads: locked work in an order of its own, then a barrier that each steps through.
static void put_round(struct trace_writer *writer, uint32_t threads, struct rng *rng, uint32_t versions[2])
{
    uint32_t first = (uint32_t)rng_below(rng, threads);
    for (uint32_t i = 0; i < threads; i++) {
        uint32_t s = (first + i * 5) % threads;
        struct err err;
        struct trace_ref wide = {THREAD_DATA + 2 * PAGE_BYTES + rng_below(rng, 4000), 70, TRACE_MODIFY, 0};
        thread_trace_put(writer, s, TRACE_FETCH, 0x400000 + rng_below(rng, 256) * 4, 0);
        work_alone(writer, s, rng_below(rng, 60));
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK, ++versions[0]);
        NP_ASSERT(trace_put(writer, s, &wide, &err) == ERR_OK);
        for (uint64_t n = 0; n < 12; n++)
            thread_trace_put(writer, s, n % 3 ? TRACE_LOAD : TRACE_STORE,
                             THREAD_DATA + rng_below(rng, 1000) * 4, 0);
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK, ++versions[0]);
    }
    for (uint32_t s = 0; s < threads; s++)
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK + 64, ++versions[1]);
    for (uint32_t s = 0; s < threads; s++) // woken one after another
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK + 64, ++versions[1]);
}

void write_program_trace(const char *path, uint32_t threads, uint32_t rounds, uint64_t seed)
{
    struct trace_writer *writer = thread_trace_begin(path, threads);
    struct rng rng = rng_for(seed, 2);
    uint32_t versions[2] = {0, 0};
    NP_ASSERT(threads % 5); // put_round visits each
    for (uint64_t i = 0; i < 1000; i += 3)
        thread_trace_put(writer, 0, TRACE_STORE, THREAD_DATA + i * 4, 0);
    for (uint32_t s = 1; s < threads; s++) {
        thread_trace_put(writer, 0, TRACE_SYNC, THREAD_LOCK + 128 + s * TRACE_WORD, 1);
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK + 128 + s * TRACE_WORD, 2);
    }
    for (uint32_t round = 0; round < rounds; round++)
        put_round(writer, threads, &rng, versions);
    for (uint32_t s = 1; s < threads; s++) {
        thread_trace_put(writer, s, TRACE_SYNC, THREAD_LOCK + 128 + s * TRACE_WORD, 3);
        thread_trace_put(writer, 0, TRACE_SYNC, THREAD_LOCK + 128 + s * TRACE_WORD, 4);
    }
    thread_trace_finish(writer);
}
