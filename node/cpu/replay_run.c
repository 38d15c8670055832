// SPDX-License-Identifier: Apache-2.0
// Replaying a whole run at once. Most runs of most programs hit with every reference. Then what single
// accesses would do one after another is known beforehand: time passes by a fixed number of cycles, counters
// grow by fixed numbers, lines are used in a fixed order. What has to be looked at is whether every line is
// in its L1 with the right permission, and whether every byte that is read is right. If anything is not as
// hoped, nothing has been changed, and the run goes the way of single accesses (trace.c), with the same
// results: tests/unit/cpu/trace_cpu_test.c compares the two.
//
// While whole runs follow one another no event of the board is processed, so no L1 gains or loses a line:
// such a stretch is an *epoch*, and what was looked up in it stays true until it ends.
#include <stdlib.h>
#include <string.h>

#include "node/cpu/drive.h"
#include "node/cpu/replay.h"

#define RUN_LINES_MAX 8u // fetched by one run; its items allow a few more, which are rare

// A line that the run fetches from.
struct line_plan {
    uint64_t real;
    const struct page *page;
    uint32_t index;  // where it was found last in its L1
    uint32_t last;   // its L1's ticks from the begin of the run to the last fetch from it
    uint16_t offset; // of the first byte fetched, in the page
    uint16_t bytes;
};

struct run_plan {
    uint32_t serial; // of the run; 0: none
    bool usable;
    uint64_t epoch; // in which the lines it fetches from were seen to be there and right
    uint8_t n_lines, n_data;
    uint32_t fetches, loads, stores;
    uint32_t ticks[2];      // of each L1
    sim_time ps, last_ps;   // from its first issue to the next run's, and to its last issue
    uint64_t rem, last_rem; // and what the clock's remainder grows by
    struct data_plan *data;
    struct line_plan lines[RUN_LINES_MAX];
};

// A data reference of the run, and the line where it was last.
struct data_plan {
    uint8_t kind;    // enum trace_kind
    uint8_t size;    // bytes
    uint32_t last;   // as above, to its last piece
    uint32_t index;  // of the line in the L1
    uint64_t line;   // virtual address
    uint64_t epoch;  // in which this holds
    uint8_t *bytes;  // of the line
    uint8_t *stored; // the program's view of it; NULL: all zero
};

void run_plans_free(struct run_plans *plans)
{
    free(plans->plans);
    free(plans->data);
    *plans = (struct run_plans){0};
}

static void open_plans(struct run_plans *plans)
{
    plans->plans = calloc(TRACE_RUNS_MAX, sizeof *plans->plans);
    plans->data = calloc(TRACE_SLOTS_MAX, sizeof *plans->data);
    NP_ASSERT(plans->plans && plans->data);
}

static void advance(const struct cpu *cpu, uint64_t accesses, sim_time *ps, uint64_t *rem)
{
    uint64_t cycles = accesses * cpu->hit_cycles, rest = cycles * cpu->clock.step_rem;
    *ps = cycles * cpu->clock.step_ps + rest / cpu->clock.hz;
    *rem = rest % cpu->clock.hz;
}

// The pieces of a fetch, each in one line.
static bool plan_fetch(const struct cpu *cpu, struct replay *replay, struct run_plan *plan, uint64_t address,
                       uint32_t size)
{
    const struct l1 *l1 = &cpu->l1[cpu->split];
    for (uint32_t at = 0, piece; at < size; at += piece) {
        uint64_t from = address + at, line = from & ~(uint64_t)l1->line_mask;
        uint32_t in_line = l1->line_mask + 1 - (uint32_t)(from - line);
        piece = size - at < 8 ? size - at : 8;
        piece = piece < in_line ? piece : in_line;
        uint32_t index = page_of(replay, from);
        if (index == NO_PAGE)
            return false;
        const struct page *page = &replay->space->pages[index];
        uint64_t real = page_real(page, line);
        struct line_plan *last = plan->n_lines ? &plan->lines[plan->n_lines - 1] : NULL;
        if (!last || last->real != real) {
            if (plan->n_lines == RUN_LINES_MAX || page->shared || page->unmapped)
                return false;
            last = &plan->lines[plan->n_lines++];
            *last = (struct line_plan){.real = real, .page = page, .offset = (uint16_t)(from % PAGE_BYTES)};
        }
        last->bytes = (uint16_t)(last->bytes + piece);
        last->last = ++plan->ticks[cpu->split];
        plan->fetches++;
    }
    return true;
}

static bool plan_data(struct run_plan *plan, struct data_plan *data, struct trace_item item)
{
    uint32_t pieces = (item.size + 7u) / 8;
    bool loads = item.kind != TRACE_STORE, stores = item.kind != TRACE_LOAD;
    plan->loads += loads * pieces;
    plan->stores += stores * pieces;
    plan->ticks[0] += (uint32_t)(loads + stores) * pieces;
    *data = (struct data_plan){.kind = item.kind, .size = item.size, .last = plan->ticks[0]};
    return item.kind != TRACE_PEEK;
}

static void make_plan(const struct cpu *cpu, struct replay *replay, const struct trace_run *run,
                      struct run_plan *plan)
{
    const struct trace_item *items = replay->reader->items;
    struct data_plan *data = &replay->plans.data[run->first_slot];
    uint64_t fetch = run->start;
    *plan = (struct run_plan){.serial = run->serial, .usable = true, .n_data = run->n_data, .data = data};
    for (uint32_t i = 0; i < run->n_items && plan->usable; i++) {
        if (items[i].kind == TRACE_FETCH) {
            plan->usable = plan_fetch(cpu, replay, plan, fetch, items[i].size);
            fetch += items[i].size;
        } else {
            plan->usable = plan_data(plan, data++, items[i]);
        }
    }
    uint32_t accesses = plan->fetches + plan->loads + plan->stores;
    advance(cpu, accesses, &plan->ps, &plan->rem);
    advance(cpu, accesses - 1, &plan->last_ps, &plan->last_rem);
}

// NULL: the run in hand has to go the other way.
NP_INLINE struct run_plan *plan_of(const struct cpu *cpu, struct replay *replay, const struct trace_run *run)
{
    uint32_t number = replay->reader->number;
    if (NP_UNLIKELY(number == TRACE_NO_RUN))
        return NULL;
    struct run_plan *plan = &replay->plans.plans[number];
    if (NP_UNLIKELY(plan->serial != run->serial))
        make_plan(cpu, replay, run, plan);
    return plan->usable ? plan : NULL;
}

// Loads and stores of the sizes that programs use; others go by the library.
NP_INLINE uint64_t load(const uint8_t *bytes, uint32_t n)
{
    uint64_t value8;
    uint32_t value4;
    uint16_t value2;
    switch (n) {
    case 8:
        memcpy(&value8, bytes, 8);
        return value8;
    case 4:
        memcpy(&value4, bytes, 4);
        return value4;
    case 2:
        memcpy(&value2, bytes, 2);
        return value2;
    case 1:
        return *bytes;
    default:
        value8 = 0;
        memcpy(&value8, bytes, n);
        return value8;
    }
}

NP_INLINE void store(uint8_t *bytes, uint64_t value, uint32_t n)
{
    if (NP_LIKELY(n == 8))
        memcpy(bytes, &value, 8);
    else if (n == 4)
        memcpy(bytes, &value, 4);
    else
        memcpy(bytes, &value, n);
}

// Whether `n` bytes are what the program left there; `stored` NULL: zeros.
NP_INLINE bool same_bytes(const uint8_t *bytes, const uint8_t *stored, uint32_t n)
{
    static const uint8_t zeros[64];
    if (NP_LIKELY(n <= 8))
        return load(bytes, n) == (stored ? load(stored, n) : 0);
    return memcmp(bytes, stored ? stored : zeros, n) == 0;
}

static bool fetches_hit(const struct l1 *l1, struct run_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_lines; i++) {
        struct line_plan *line = &plan->lines[i];
        int32_t index = l1_find(l1, line->real, TAG_READ);
        if (index < 0)
            return false;
        line->index = (uint32_t)index;
        const uint8_t *bytes = l1_bytes(l1, line->index, line->offset);
        const uint8_t *stored = line->page->stored ? line->page->stored + line->offset : NULL;
        for (uint32_t at = 0; at < line->bytes; at += 64) {
            uint32_t n = line->bytes - at < 64u ? line->bytes - at : 64;
            if (!same_bytes(bytes + at, stored ? stored + at : NULL, n))
                return false;
        }
    }
    return true;
}

// Looks a data reference's line up.
NP_INLINE bool find_line(const struct l1 *l1, struct replay *replay, struct data_plan *data, uint64_t line,
                         uint64_t epoch)
{
    uint32_t number = page_of(replay, line);
    if (NP_UNLIKELY(number == NO_PAGE))
        return false;
    const struct page *page = &replay->space->pages[number];
    bool stores = data->kind != TRACE_LOAD;
    uint8_t *stored = page->stored;
    if (NP_UNLIKELY(page->shared || page->unmapped || page->unchecked || (stores && !stored)))
        return false;
    int32_t index = l1_find(l1, page_real(page, line), TAG_READ | (uint64_t)stores << 1);
    if (NP_UNLIKELY(index < 0))
        return false;
    data->index = (uint32_t)index;
    data->bytes = l1_bytes(l1, (uint32_t)index, 0);
    data->stored = stored ? stored + line % PAGE_BYTES : NULL;
    data->line = line;
    data->epoch = epoch;
    return true;
}

// Whether all data references of the run hit and read what they must.
NP_INLINE bool data_hit(const struct l1 *l1, struct replay *replay, const struct run_plan *plan)
{
    const uint64_t *address = replay->reader->address;
    const uint64_t mask = l1->line_mask, epoch = replay->plans.epoch;
    struct data_plan *data = plan->data, *end = data + plan->n_data;
    for (; data < end; data++, address++) {
        uint64_t at = *address & mask, line = *address & ~mask;
        uint32_t size = data->size;
        if (NP_UNLIKELY(at + size > mask + 1) ||
            ((data->line != line || data->epoch != epoch) && !find_line(l1, replay, data, line, epoch)))
            return false;
        if (data->kind != TRACE_STORE &&
            NP_UNLIKELY(!same_bytes(data->bytes + at, data->stored ? data->stored + at : NULL, size)))
            return false;
    }
    return true;
}

NP_INLINE void do_store(struct replay *replay, const struct data_plan *data, uint64_t at)
{
    uint8_t *bytes = data->bytes + at, *stored = data->stored + at;
    for (uint32_t left = data->size, piece; left; left -= piece, bytes += piece, stored += piece) {
        piece = left < 8 ? left : 8;
        uint64_t value = store_value(replay, replay->stores++, piece);
        store(bytes, value, piece);
        store(stored, value, piece);
    }
}

// Lines are used in the order of the references; in a unified L1 a fetch may come before or after a load.
static void use_fetched(struct l1 *l1, const struct run_plan *plan, bool unified)
{
    for (uint32_t i = 0; i < plan->n_lines; i++) {
        uint32_t *stamp = &l1->stamp[plan->lines[i].index], tick = l1->tick + plan->lines[i].last;
        if (!unified || (int32_t)(tick - *stamp) > 0)
            *stamp = tick;
    }
}

NP_INLINE void commit(struct cpu *cpu, struct replay *replay, const struct run_plan *plan)
{
    struct l1 *l1 = &cpu->l1[0];
    const uint64_t *address = replay->reader->address;
    const struct data_plan *data = plan->data, *end = data + plan->n_data;
    uint32_t *stamp = l1->stamp, tick = l1->tick;
    for (; data < end; data++, address++) {
        stamp[data->index] = tick + data->last;
        if (data->kind == TRACE_LOAD)
            continue;
        l1->tag[data->index] |= TAG_WRITTEN;
        do_store(replay, data, *address & l1->line_mask);
    }
    use_fetched(&cpu->l1[cpu->split], plan, !cpu->split);
    cpu->l1[0].tick += plan->ticks[0];
    cpu->l1[1].tick += plan->ticks[1];
}

NP_INLINE void count(struct cpu *cpu, const struct run_plan *plan)
{
    uint32_t accesses = plan->fetches + plan->loads + plan->stores;
    cpu->by_kind[ACCESS_FETCH] += plan->fetches;
    cpu->by_kind[ACCESS_LOAD] += plan->loads;
    cpu->by_kind[ACCESS_STORE] += plan->stores;
    cpu->checks += plan->fetches + plan->loads;
    cpu->results.hits += accesses;
    cpu->results.accesses += accesses;
    cpu->clock.now += plan->ps;
    cpu->clock.rem += plan->rem;
    if (cpu->clock.rem >= cpu->clock.hz) {
        cpu->clock.rem -= cpu->clock.hz;
        cpu->clock.now++;
    }
}

NP_INLINE bool replay_run(struct cpu *cpu, struct replay *replay, struct run_plan *plan)
{
    bool carry = cpu->clock.rem + plan->last_rem >= cpu->clock.hz;
    if (cpu->clock.now + plan->last_ps + carry >= cpu->limit)
        return false;
    if (NP_UNLIKELY(plan->epoch != replay->plans.epoch) && !fetches_hit(&cpu->l1[cpu->split], plan))
        return false;
    plan->epoch = replay->plans.epoch;
    if (!data_hit(&cpu->l1[0], replay, plan))
        return false;
    commit(cpu, replay, plan);
    count(cpu, plan);
    return true;
}

bool replay_runs(struct cpu *cpu, struct replay *replay)
{
    struct trace_reader *reader = replay->reader;
    struct err err;
    bool any = false;
    if (NP_UNLIKELY(replay->plans.changes != replay->space->changes))
        run_plans_free(&replay->plans);
    if (!replay->plans.plans)
        open_plans(&replay->plans);
    replay->plans.changes = replay->space->changes;
    replay->plans.epoch++;
    while (cpu->clock.now < cpu->limit && !replay->ended) {
        enum trace_step step = trace_load(reader, &err);
        if (NP_UNLIKELY(step == TRACE_STEP_FAILED))
            replay_failed(cpu, replay, &err);
        if (step != TRACE_STEP_REF)
            break;
        const struct trace_run *run = trace_whole_run(reader);
        struct run_plan *plan = run ? plan_of(cpu, replay, run) : NULL;
        if (!plan || !replay_run(cpu, replay, plan))
            break;
        trace_skip_run(reader);
        any = true;
    }
    return any;
}
