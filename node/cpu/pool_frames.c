// SPDX-License-Identifier: Apache-2.0
// Address spaces of a partition's pools, and where their pages lie when it begins, at time 0 or with a boot:
// those of a thread's slice on the board where the thread begins, the rest in turn over the partition's
// boards. A board that is full passes a page on to the next. All boards compute the same.
#include <inttypes.h>
#include <stdlib.h>

#include "node/cpu/dealer.h"
#include "node/cpu/generator.h"
#include "node/cpu/pool_cpus.h"

void deal_pool_page(struct dealer *dealer, struct page *page, uint16_t home)
{
    uint32_t n = dealer->partition->n_boards;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t place = (uint16_t)((home + i) % n);
        if (dealer->used[place] < dealer_frames(dealer, place)) {
            dealer_lay(dealer, page, place);
            return;
        }
    }
    dealer->lacking++;
}

// The places of the boards where the pool's threads begin.
static uint16_t *find_threads(const struct dealer *dealer, const struct pool_cpus *cpus, uint32_t pool)
{
    uint32_t n = dealer->machine->pools[pool].n_threads;
    uint16_t *place_of = malloc(n * sizeof *place_of);
    NP_ASSERT(place_of);
    for (uint32_t i = 0; i < n; i++)
        place_of[i] = pool_cpu_of(cpus, dealer->machine, pool, i)->place;
    return place_of;
}

// The space of generators: every page of their virtual addresses.
static void deal_generators(struct dealer *dealer, const struct cpu_desc *what, const uint16_t *place_of)
{
    struct address_space *space = address_spaces_add(dealer->spaces);
    uint64_t n = (what->size + PAGE_BYTES - 1) / PAGE_BYTES, slice = generator_slice(what);
    space->program = what->program;
    space->pages = calloc(n, sizeof *space->pages);
    NP_ASSERT(space->pages);
    for (space->n = 0; space->n < n; space->n++) {
        uint64_t member = slice ? (uint64_t)space->n * PAGE_BYTES / slice : what->members;
        uint16_t in_turn = (uint16_t)(space->n % dealer->partition->n_boards);
        space->pages[space->n] = (struct page){.number = space->n, .shared = true};
        deal_pool_page(dealer, &space->pages[space->n], member < what->members ? place_of[member] : in_turn);
    }
}

static enum err_code deal_pool(struct dealer *dealer, const struct pool_cpus *cpus, uint32_t pool,
                               struct round *round, struct err *err)
{
    const struct cpu_desc *what = &dealer->machine->pools[pool].what;
    uint16_t *place_of = find_threads(dealer, cpus, pool);
    if (what->kind == CPU_TRACE)
        return deal_members(dealer, what, place_of, round, err);
    deal_generators(dealer, what, place_of);
    free(place_of);
    return ERR_OK;
}

static enum err_code check_lacking(const struct dealer *dealer, struct err *err)
{
    uint64_t frames = 0, n = dealer->partition->n_boards;
    NP_ASSERT(n);
    for (uint32_t i = 0; i < n; i++)
        frames += dealer_frames(dealer, i);
    if (!dealer->lacking)
        return ERR_OK;
    return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                   "the pages of the pools do not fit: partition %s has %" PRIu64 " frames and lacks %" PRIu64
                   "; write frames: with %" PRIu64 "KiB more on each of its boards, or give pools less",
                   dealer->partition->name, frames, dealer->lacking,
                   (dealer->lacking + n - 1) / n * (PAGE_BYTES / 1024));
}

static enum err_code deal_pools(struct dealer *dealer, struct err *err)
{
    struct pool_cpus *cpus = pool_cpus_find(dealer->machine, dealer->partition);
    struct round *round = malloc(sizeof *round);
    NP_ASSERT(round);
    dealer->pools = true;
    for (uint32_t i = 0; i < dealer->machine->n_pools && !err->code; i++) {
        if (dealer->machine->pools[i].partition != dealer->number)
            continue;
        if (cpus->n)
            deal_pool(dealer, cpus, i, round, err);
        else
            err_set(err, ERR_IMPOSSIBLE_MACHINE,
                    "every CPU of partition %s has a program of its own: leave some to its threads: pool",
                    dealer->partition->name);
    }
    free(round);
    free(cpus);
    return err->code ? err->code : check_lacking(dealer, err);
}

enum err_code pool_spaces_open(const struct machine *machine, uint32_t partition,
                               const struct partition_desc *present, struct address_spaces **spaces,
                               uint32_t bound[BOARDS_PER_SYSTEM_MAX], struct err *err)
{
    struct dealer *dealer = calloc(1, sizeof *dealer);
    *spaces = calloc(1, sizeof **spaces);
    NP_ASSERT(dealer && *spaces);
    dealer->machine = machine;
    dealer->number = partition;
    dealer->partition = present;
    dealer->board = UINT16_MAX; // spaces of programs on their own CPUs are others' business
    dealer->spaces = *spaces;
    segment_map_init(&dealer->map, dealer->partition);
    deal_all(dealer, err);
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        bound[i] = (uint32_t)dealer->used[i];
    if (err->code || deal_pools(dealer, err)) {
        address_spaces_free(*spaces);
        *spaces = NULL;
    }
    free(dealer);
    return err->code;
}
