// SPDX-License-Identifier: Apache-2.0
// Filling the address spaces of a board: see placement.h. Every program of the partition is gone through,
// also those without a CPU here: they take frames, too.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cpu/dealer.h"
#include "proto/base/rng.h"

// NOWHERE: the partition begins without that board.
static uint16_t place_of_board(const struct partition_desc *partition, uint16_t board)
{
    for (uint32_t i = 0; i < partition->n_boards; i++)
        if (partition->boards[i] == board)
            return (uint16_t)i;
    return NOWHERE;
}

static bool replays(const struct dealer *dealer, const struct cpu_desc *cpu)
{
    return cpu->kind == CPU_TRACE && dealer->machine->boards[cpu->board].partition == dealer->number &&
           place_of_board(dealer->partition, cpu->board) != NOWHERE;
}

// The CPU of the program with the least number from `from` on; NULL: there is none.
static const struct cpu_desc *next_program(const struct dealer *dealer, uint32_t from)
{
    const struct cpu_desc *next = NULL;
    for (uint32_t i = 0; i < dealer->machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &dealer->machine->cpus[i];
        if (replays(dealer, cpu) && cpu->program >= from && (!next || cpu->program < next->program))
            next = cpu;
    }
    return next;
}

// Where the members of an entry are: see struct program.
static uint16_t *find_members(const struct dealer *dealer, const struct cpu_desc *of)
{
    uint16_t *board_of = malloc(of->members * sizeof *board_of);
    NP_ASSERT(board_of);
    memset(board_of, 0xff, of->members * sizeof *board_of);
    for (uint32_t i = 0; i < dealer->machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &dealer->machine->cpus[i];
        if (replays(dealer, cpu) && cpu->program == of->program && cpu->member < of->members)
            board_of[cpu->member] = place_of_board(dealer->partition, cpu->board);
    }
    return board_of;
}

static enum err_code open_program(const struct dealer *dealer, const struct cpu_desc *cpu, uint16_t *board_of,
                                  struct program *program, struct err *err)
{
    uint32_t needed;
    *program = (struct program){.cpu = cpu, .members = cpu->members, .board_of = board_of};
    if (trace_info_read(cpu->trace, &program->info, err) ||
        trace_pages_read(cpu->trace, &program->pages, &program->n_pages, err) ||
        trace_words_read(cpu->trace, &program->words, &program->n_words, err))
        return err->code;
    if (!trace_cpus_suffice(&program->info, cpu->members, &needed) && dealer->pools)
        return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                       "%s: its threads wait for one another: a pool of it needs %" PRIu32
                       " threads, and has %" PRIu32,
                       cpu->trace, needed, cpu->members);
    if (!trace_cpus_suffice(&program->info, cpu->members, &needed))
        return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                       "%s: its threads wait for one another and need %" PRIu32
                       " CPUs, the entry has %" PRIu32 ": name %" PRIu32 " in on:",
                       cpu->trace, needed, cpu->members, needed);
    return ERR_OK;
}

static void close_program(struct program *program)
{
    trace_info_free(&program->info);
    free(program->board_of);
    free(program->pages);
    free(program->words);
}

struct address_space *address_spaces_get(struct address_spaces *spaces, uint32_t program, uint32_t round,
                                         uint32_t process)
{
    for (uint32_t i = 0; i < spaces->n; i++) {
        struct address_space *space = &spaces->list[i];
        if (space->program == program && space->round == round && space->process == process)
            return space;
    }
    return NULL;
}

struct address_space *address_spaces_find(struct address_spaces *spaces, const struct cpu_desc *cpu,
                                          uint32_t n_streams, uint32_t process)
{
    struct address_space *space = address_spaces_get(spaces, cpu->program, cpu->member / n_streams, process);
    NP_ASSERT(space); // made for this CPU
    return space;
}

struct address_space *address_spaces_add(struct address_spaces *spaces)
{
    if (spaces->n == spaces->capacity) {
        spaces->capacity = spaces->capacity ? 2 * spaces->capacity : 8;
        spaces->list = realloc(spaces->list, spaces->capacity * sizeof *spaces->list);
        NP_ASSERT(spaces->list);
    }
    struct address_space *space = &spaces->list[spaces->n];
    *space = (struct address_space){.index = spaces->n++};
    return space;
}

static void copy_words(struct address_space *space, const struct program *program)
{
    space->words = calloc(program->n_words + 1, sizeof *space->words);
    NP_ASSERT(space->words);
    for (uint32_t i = 0; i < program->n_words; i++)
        if (program->words[i].process == space->process)
            space->words[space->n_words++] = program->words[i].address;
}

static void make_space(struct dealer *dealer, const struct program *program, uint32_t round, uint32_t process)
{
    struct address_space *space = address_spaces_add(dealer->spaces);
    uint64_t pages = 0;
    space->program = program->cpu->program;
    space->round = round;
    space->process = process;
    space->salt = rng_mix(rng_mix((uint64_t)space->program << 32 | round) + process);
    for (uint32_t i = 0; i < program->n_pages; i++)
        pages += program->pages[i].process == process;
    for (space->buckets = 16; space->buckets <= 2 * pages; space->buckets *= 2) {
    }
    space->pages = calloc(pages + 1, sizeof *space->pages);
    space->table = calloc(space->buckets, sizeof *space->table);
    NP_ASSERT(space->pages && space->table);
    copy_words(space, program);
}

static void begin_round(struct dealer *dealer, struct round *round, const struct program *program,
                        uint32_t number)
{
    round->program = program;
    round->number = number;
    memset(round->home_of, 0xff, sizeof round->home_of);
    memset(round->first_of, 0xff, sizeof round->first_of);
    memset(round->turn, 0, sizeof round->turn);
    uint32_t n = program->info.n_streams;
    for (uint32_t s = 0; s < n && number * n + s < program->members; s++) {
        uint16_t place = program->board_of[number * n + s];
        uint32_t process = program->info.streams[s].process;
        if (place == NOWHERE)
            continue;
        round->home_of[s] = place;
        if (round->first_of[process] == NOWHERE)
            round->first_of[process] = place;
        if ((dealer->pools || dealer->partition->boards[place] == dealer->board) &&
            !address_spaces_get(dealer->spaces, program->cpu->program, number, process))
            make_space(dealer, program, number, process);
    }
}

// The place of a page's home, or NOWHERE when no CPU of this round can touch the page. Round-robin begins at
// the board of the process's first CPU, so that processes of several boards do not all begin on the same one.
static uint16_t home_of_page(const struct dealer *dealer, struct round *round,
                             const struct trace_touched *page)
{
    const struct cpu_desc *cpu = round->program->cpu;
    uint16_t own = round->home_of[page->first_stream], first = round->first_of[page->process];
    if (first == NOWHERE || (own == NOWHERE && !page->shared))
        return NOWHERE;
    uint16_t fixed =
        cpu->placement == PLACE_FIXED ? place_of_board(dealer->partition, cpu->fixed_board) : NOWHERE;
    if (fixed != NOWHERE)
        return fixed;
    if (cpu->placement == PLACE_ROUND_ROBIN)
        return (uint16_t)((first + round->turn[page->process]++) % dealer->partition->n_boards);
    return own == NOWHERE ? first : own;
}

void dealer_lay(struct dealer *dealer, struct page *page, uint16_t home)
{
    struct location where = {dealer->partition->boards[home],
                             dealer->partition->frames_offset + dealer->used[home]++ * PAGE_BYTES};
    uint64_t real;
    bool mapped = segment_map_real(&dealer->map, where, &real) && page_lay(page, &dealer->map, real);
    NP_ASSERT(mapped); // machine_invalid: all frames lie in segments
}

// Words that lie in the page; TRACE_WORD divides PAGE_BYTES.
static void find_words(const struct address_space *space, struct page *page)
{
    uint32_t low = 0, high = space->n_words;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (space->words[middle] / PAGE_BYTES < page->number)
            low = middle + 1;
        else
            high = middle;
    }
    page->first_word = low;
    while (low < space->n_words && space->words[low] / PAGE_BYTES == page->number)
        low++;
    page->n_words = low - page->first_word;
}

static struct page *add_page(struct address_space *space, const struct trace_touched *touched)
{
    struct page *page = &space->pages[space->n++];
    *page =
        (struct page){.number = touched->page, .shared = touched->shared, .stream = touched->first_stream};
    find_words(space, page);
    uint64_t at = rng_mix(page->number);
    while (space->table[at & (space->buckets - 1)])
        at++;
    space->table[at & (space->buckets - 1)] = space->n;
    return page;
}

uint64_t dealer_frames(const struct dealer *dealer, uint32_t place)
{
    uint64_t memory = dealer->machine->boards[dealer->partition->boards[place]].params.memory_bytes;
    uint64_t from = dealer->partition->frames_offset;
    return memory > from ? (memory - from) / PAGE_BYTES : 0;
}

// The frame that is dealt out now is one that was asked for.
static void note_owner(const struct dealer *dealer, const struct program *program,
                       const struct trace_touched *touched, uint16_t home)
{
    uint64_t offset = dealer->partition->frames_offset + dealer->used[home] * PAGE_BYTES;
    for (uint32_t i = 0; i < dealer->n_frames; i++) {
        struct frame_owner *frame = &dealer->frames[i];
        if (frame->offset != offset || frame->board != dealer->partition->boards[home])
            continue;
        frame->trace = program->cpu->trace;
        frame->process = touched->process;
        frame->virtual_address = touched->page * PAGE_BYTES;
    }
}

// Gives every page of a round its frame. Goes on counting where frames have run out: what is missing is told
// as a whole.
static void deal_round(struct dealer *dealer, struct round *round)
{
    const struct program *program = round->program;
    struct address_space *space = NULL;
    for (uint32_t i = 0; i < program->n_pages; i++) {
        const struct trace_touched *touched = &program->pages[i];
        uint16_t home = home_of_page(dealer, round, touched);
        if (home == NOWHERE)
            continue;
        if (!space || space->process != touched->process)
            space =
                address_spaces_get(dealer->spaces, program->cpu->program, round->number, touched->process);
        if (NP_UNLIKELY(dealer->frames != NULL))
            note_owner(dealer, program, touched, home);
        if (dealer->pools)
            deal_pool_page(dealer, add_page(space, touched), home);
        else if (space && dealer->used[home] < dealer_frames(dealer, home))
            dealer_lay(dealer, add_page(space, touched), home);
        else
            dealer->used[home]++;
    }
}

enum err_code deal_members(struct dealer *dealer, const struct cpu_desc *cpu, uint16_t *board_of,
                           struct round *round, struct err *err)
{
    struct program program;
    if (!open_program(dealer, cpu, board_of, &program, err)) {
        uint32_t n = program.info.n_streams;
        for (uint32_t number = 0; n && number * n < program.members; number++) {
            begin_round(dealer, round, &program, number);
            deal_round(dealer, round);
        }
    }
    close_program(&program);
    return err->code;
}

// The first program that found a home full is named; the sum is of them all.
static enum err_code check_room(const struct dealer *dealer, const struct cpu_desc *short_of, struct err *err)
{
    uint32_t worst = 0;
    uint64_t beyond = 0;
    for (uint32_t i = 0; i < dealer->partition->n_boards; i++) {
        uint64_t frames = dealer_frames(dealer, i);
        if (dealer->used[i] > frames && dealer->used[i] - frames > beyond) {
            beyond = dealer->used[i] - frames;
            worst = i;
        }
    }
    if (!beyond)
        return ERR_OK;
    uint16_t board = dealer->partition->boards[worst];
    return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                   "the pages of the replays do not fit: board %s needs %" PRIu64
                   " frames for them and has %" PRIu64
                   " (first to miss one: %s on CPU %s/%u); write frames: %" PRIu64
                   "KiB or more in partition %s, or another placement:",
                   dealer->machine->boards[board].name, dealer->used[worst], dealer_frames(dealer, worst),
                   short_of->trace, dealer->machine->boards[short_of->board].name, short_of->index,
                   dealer->used[worst] * (PAGE_BYTES / 1024), dealer->partition->name);
}

static bool overdrawn(const struct dealer *dealer)
{
    bool over = false;
    for (uint32_t i = 0; i < dealer->partition->n_boards; i++)
        over = over || dealer->used[i] > dealer_frames(dealer, i);
    return over;
}

enum err_code deal_all(struct dealer *dealer, struct err *err)
{
    struct round *round = malloc(sizeof *round);
    const struct cpu_desc *short_of = NULL;
    NP_ASSERT(round);
    err_clear(err);
    for (const struct cpu_desc *cpu = next_program(dealer, 0); cpu && !err->code;
         cpu = cpu->program == UINT32_MAX ? NULL : next_program(dealer, cpu->program + 1)) {
        deal_members(dealer, cpu, find_members(dealer, cpu), round, err);
        if (!short_of && overdrawn(dealer))
            short_of = cpu;
    }
    free(round);
    if (!err->code && short_of)
        check_room(dealer, short_of, err);
    return err->code;
}

enum err_code address_spaces_open(const struct machine *machine, uint16_t board,
                                  struct address_spaces **spaces, struct err *err)
{
    struct dealer *dealer = calloc(1, sizeof *dealer);
    *spaces = calloc(1, sizeof **spaces);
    NP_ASSERT(dealer && *spaces);
    dealer->machine = machine;
    dealer->number = machine->boards[board].partition;
    dealer->partition = &machine->partitions[dealer->number];
    dealer->board = board;
    dealer->spaces = *spaces;
    segment_map_init(&dealer->map, dealer->partition);
    if (deal_all(dealer, err)) {
        address_spaces_free(*spaces);
        *spaces = NULL;
    }
    free(dealer);
    return err->code;
}

enum err_code address_spaces_owners(const struct machine *machine, const struct partition_desc *partition,
                                    struct frame_owner *frames, uint32_t n, struct err *err)
{
    struct dealer *dealer = calloc(1, sizeof *dealer);
    NP_ASSERT(dealer);
    dealer->machine = machine;
    dealer->number = (uint32_t)(partition - machine->partitions);
    dealer->partition = partition;
    dealer->board = UINT16_MAX; // no spaces are made
    dealer->spaces = calloc(1, sizeof *dealer->spaces);
    NP_ASSERT(dealer->spaces);
    dealer->frames = frames;
    dealer->n_frames = n;
    deal_all(dealer, err);
    address_spaces_free(dealer->spaces);
    free(dealer);
    return err->code;
}

void address_spaces_free(struct address_spaces *spaces)
{
    for (uint32_t i = 0; spaces && i < spaces->n; i++) {
        struct address_space *space = &spaces->list[i];
        for (uint32_t p = 0; p < space->n; p++)
            free(space->pages[p].stored);
        free(space->pages);
        free(space->table);
        free(space->words);
    }
    if (spaces)
        free(spaces->list);
    free(spaces);
}
