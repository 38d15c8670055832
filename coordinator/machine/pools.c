// SPDX-License-Identifier: Apache-2.0
// Entries with `threads:` in place of `on:`: programs that are bound to no CPU and use virtual addresses.
#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/generators.h"
#include "coordinator/machine/pools.h"
#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"
#include "proto/base/pool.h"

// Figures of ours. Solaris gives a time-sharing thread 20 to 200 ms (ts_dptbl(4)); runs here last for
// milliseconds, and a hundred quanta of one should show as a hundred quanta of the other do.
#define QUANTUM_DEFAULT (100 * SIM_PS_PER_US)
// Between two threads of one CPU: some two thousand cycles at 1 GHz, what saving, choosing and restoring
// take.
#define SWITCH_DEFAULT (2 * SIM_PS_PER_US)
// What travels of a thread: the register file of a SPARC V9 CPU with eight windows and its floating-point
// registers are 1.4 KiB, the rest is what an operating system keeps of a thread.
#define CONTEXT_DEFAULT 2048

static const struct field rows[] = {
    {"threads", read_number32, offsetof(struct pool_desc, n_threads), REQUIRED, UNIT_COUNT, 1,
     POOL_THREADS_MAX, 0},
    {"quantum", read_number, offsetof(struct pool_desc, quantum), OPTIONAL, UNIT_TIME, 1, SIM_PS_PER_S, 0},
    {"switch", read_number, offsetof(struct pool_desc, switch_time), OPTIONAL, UNIT_TIME, 0, SIM_PS_PER_S, 0},
    {"context", read_number, offsetof(struct pool_desc, context_bytes), OPTIONAL, UNIT_SIZE, 0,
     POOL_CONTEXT_MAX, 0},
};
_Static_assert(NP_ARRAY_LEN(rows) == RUNNER_KEYS, "room for the rows of a pool");

unsigned runner_rows(const struct entry *e, struct field *to)
{
    const struct field on = {"on", read_later, offsetof(struct runner, on), REQUIRED, 0, 0, 0, 0};
    const size_t places[] = {offsetof(struct runner, threads), offsetof(struct runner, quantum),
                             offsetof(struct runner, change), offsetof(struct runner, context)};
    if (e->pool.n_threads == 0) {
        to[0] = on;
        return 1;
    }
    for (unsigned i = 0; i < RUNNER_KEYS; i++) {
        to[i] = rows[i];
        to[i].read = read_later;
        to[i].offset = places[i];
    }
    return RUNNER_KEYS;
}

enum err_code pool_read(struct reader *r, struct entry *e)
{
    static const char *const bound[] = {"script", "load"};
    struct value on = mapping_get(e->where, "on");
    if (value_present(on))
        return value_fail(on, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "on: binds a program to CPUs and threads: to none; leave one of them out");
    for (size_t i = 0; i < NP_ARRAY_LEN(bound); i++)
        if (value_present(mapping_get(e->where, bound[i])))
            return value_fail(mapping_get(e->where, "threads"), ERR_IMPOSSIBLE_MACHINE, r->err,
                              "%s: runs on CPUs of its own; name them with on:", bound[i]);
    e->pool = (struct pool_desc){.partition = e->partition,
                                 .quantum = QUANTUM_DEFAULT,
                                 .switch_time = SWITCH_DEFAULT,
                                 .context_bytes = CONTEXT_DEFAULT};
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < NP_ARRAY_LEN(rows) && !code; i++) {
        struct value v = mapping_get(e->where, rows[i].key);
        if (value_present(v))
            code = rows[i].read(&rows[i], v, (char *)&e->pool + rows[i].offset, r->err);
    }
    e->cpu.members = e->pool.n_threads;
    return code;
}

static enum err_code check_pages(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const char *name = m->partitions[e->partition].name;
    uint64_t frames = partition_frames(m, e->partition), taken = pool_pages(m, e->partition);
    uint64_t pages = (e->cpu.size + PAGE_BYTES - 1) / PAGE_BYTES;
    char size[UNIT_TEXT_SIZE];
    struct value where = mapping_get(mapping_get(e->where, "region"), "size");
    if (pages <= frames - taken)
        return ERR_OK;
    return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                      "partition %s has frames for %s of it; make it smaller, or the boards' memory larger",
                      name, unit_format(UNIT_SIZE, (frames - taken) * PAGE_BYTES, size));
}

enum err_code pool_check(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    if (!frames_reachable(m, p))
        return value_fail(e->where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "threads need frames for their pages and partition %s has none; remove frames: 0, "
                          "or write a smaller permanent:",
                          p->name);
    if (e->cpu.kind == CPU_TRACE && e->cpu.placement == PLACE_FIXED)
        return value_fail(mapping_get(e->where, "placement"), ERR_IMPOSSIBLE_MACHINE, r->err,
                          "pages of threads are on no board for good; write first-touch or round-robin");
    return e->cpu.kind == CPU_GENERATOR ? check_pages(r, e) : ERR_OK;
}

void pool_add(struct reader *r, const struct entry *e, uint32_t program)
{
    struct machine *m = &r->out->machine;
    *(uint32_t *)PUSH_BESIDE(r->out->program_of_pool, m->n_pools) = program;
    if (e->recording != NO_RECORDING)
        r->out->recordings[e->recording].pool = m->n_pools;
    struct pool_desc *pool = PUSH(m->pools, m->n_pools);
    *pool = e->pool;
    pool->what = e->cpu;
    pool->what.program = program;
}

void pool_write(const struct pool_desc *pool, FILE *out)
{
    char quantum[UNIT_TEXT_SIZE], change[UNIT_TEXT_SIZE], context[UNIT_TEXT_SIZE];
    fprintf(out,
            "          - threads: %" PRIu32 "\n            quantum: %s\n            switch: %s\n"
            "            context: %s\n",
            pool->n_threads, unit_format(UNIT_TIME, pool->quantum, quantum),
            unit_format(UNIT_TIME, pool->switch_time, change),
            unit_format(UNIT_SIZE, pool->context_bytes, context));
}

void pool_print(const struct pool_desc *pool, const char *kind, FILE *out)
{
    char size[UNIT_TEXT_SIZE] = "", quantum[UNIT_TEXT_SIZE];
    bool region = pool->what.kind == CPU_GENERATOR;
    fprintf(out, "  threads      %-18s %3" PRIu32 " on any CPU%s%s, quantum %s, %" PRIu32 " outstanding%s\n",
            kind, pool->n_threads, region ? ", virtual " : "",
            region ? unit_format(UNIT_SIZE, pool->what.size, size) : "",
            unit_pretty_time(pool->quantum, quantum), pool->what.outstanding,
            pool->what.outstanding > 1 ? " (weakly ordered)" : "");
}
