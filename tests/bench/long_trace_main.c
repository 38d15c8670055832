// SPDX-License-Identifier: Apache-2.0
// numaplex-long-trace FILE MILLIONS THREADS: a made-up recording of that many references, for measuring what
// a replay of a long one costs. Each thread runs loops over 2 MiB of its own and 4 MiB of all, and takes a
// lock each 20,000 references.
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/rng.h"
#include "proto/trace/trace_writer.h"

#define OWN_BYTES    (UINT64_C(2) << 20)
#define SHARED_BYTES (UINT64_C(4) << 20)
#define TURN         20000u

struct thread {
    struct rng rng;
    uint64_t own, shared; // where its loops are
};

static enum err_code put(struct trace_writer *writer, uint32_t stream, unsigned kind, uint64_t address,
                         uint32_t size, uint32_t version, struct err *err)
{
    struct trace_ref ref = {address, (uint16_t)size, (uint8_t)kind, version};
    return trace_put(writer, stream, &ref, err);
}

// One turn of a loop: eight fetches, three references to data. Now and then the loop is another.
static enum err_code put_turn(struct trace_writer *writer, uint32_t s, struct thread *thread, struct err *err)
{
    uint64_t code = 0x400000 + (thread->own >> 12) % 64 * 256;
    if (rng_below(&thread->rng, 200) == 0)
        thread->own = rng_below(&thread->rng, OWN_BYTES / 64) * 64;
    if (rng_below(&thread->rng, 200) == 0)
        thread->shared = rng_below(&thread->rng, SHARED_BYTES / 64) * 64;
    thread->own = (thread->own + 8) % OWN_BYTES;
    thread->shared = (thread->shared + 8) % SHARED_BYTES;
    for (uint64_t i = 0; i < 8; i++)
        if (put(writer, s, TRACE_FETCH, code + 4 * i, 4, 0, err))
            return err->code;
    if (put(writer, s, TRACE_LOAD, 0x10000000 + s * OWN_BYTES + thread->own, 8, 0, err) ||
        put(writer, s, TRACE_STORE, 0x10000000 + s * OWN_BYTES + thread->own, 8, 0, err))
        return err->code;
    return put(writer, s, rng_below(&thread->rng, 8) ? TRACE_LOAD : TRACE_STORE, 0x80000000 + thread->shared,
               8, 0, err);
}

static enum err_code put_all(struct trace_writer *writer, uint64_t refs, uint32_t threads, struct err *err)
{
    struct thread *thread = calloc(threads, sizeof *thread);
    uint32_t version = 0, stream;
    if (!thread)
        return err_set(err, ERR_MEMORY, "no memory for %u threads", threads);
    for (uint32_t s = 0; s < threads && !err->code; s++) {
        thread[s].rng = rng_for(1, s);
        trace_add_stream(writer, 0, s + 1, "long", &stream, err);
    }
    for (uint32_t turn = 0; trace_written(writer) < refs && !err->code; turn++) {
        uint32_t s = turn % threads;
        put(writer, s, TRACE_SYNC, 0x600000, TRACE_WORD, ++version, err);
        for (uint64_t until = trace_written(writer) + TURN; trace_written(writer) < until && !err->code;)
            put_turn(writer, s, &thread[s], err);
    }
    free(thread);
    return err->code;
}

int main(int argc, char **argv)
{
    struct trace_writer *writer;
    struct trace_origin origin = {.tool = "numaplex-long-trace", .page_bytes = PAGE_BYTES, .complete = true};
    struct err err;
    long millions = argc == 4 ? strtol(argv[2], NULL, 10) : 0,
         threads = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (millions < 1 || millions > 100000 || threads < 1 || threads > 64) {
        fputs("numaplex-long-trace FILE MILLIONS THREADS\n", stderr);
        return EXIT_CLASS_USAGE;
    }
    err_clear(&err);
    if (trace_create(argv[1], &writer, &err))
        return err_report(&err);
    if (put_all(writer, (uint64_t)millions * 1000000, (uint32_t)threads, &err)) {
        trace_abandon(writer);
        return err_report(&err);
    }
    return trace_finish(writer, &origin, NULL, &err) ? err_report(&err) : 0;
}
