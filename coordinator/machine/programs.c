// SPDX-License-Identifier: Apache-2.0
// `programs:` of the partitions: which CPUs do what. An entry is of one of five kinds, told by the key it
// has; the kinds are read in generators.c, replays.c and guests.c.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/fields.h"
#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

#define CPUS_MAX (BOARDS_PER_SYSTEM_MAX * CPUS_PER_BOARD_MAX)

static enum err_code claim(struct reader *r, struct entry *e, struct value v, uint32_t board, uint32_t index)
{
    const struct machine *m = &r->out->machine;
    if (r->claims[board][index])
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "CPU %s/%" PRIu32 " runs the program of line %u already; a CPU runs one program",
                          m->boards[board].name, index, r->claims[board][index]);
    r->claims[board][index] = value_line(e->where);
    struct member_list *list = e->members;
    NP_ASSERT(list->n < NP_ARRAY_LEN(list->board));
    list->board[list->n] = (uint16_t)board;
    list->index[list->n++] = (uint16_t)index;
    return ERR_OK;
}

// All CPUs of the partition; for `rest` only those that no other entry names.
static enum err_code claim_all(struct reader *r, struct entry *e, struct value v, bool rest)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; i < p->n_boards; i++)
        for (uint32_t c = 0; c < m->boards[p->boards[i]].params.cpus && !code; c++)
            if (!rest || !r->claims[p->boards[i]][c])
                code = claim(r, e, v, p->boards[i], c);
    if (!code && e->members->n == 0)
        code = value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "no CPU is left for 'rest'; remove this entry");
    return code;
}

// Reads "2" or "0-3". Returns false when it is neither.
static bool parse_range(const char *text, uint64_t *first, uint64_t *last)
{
    char copy[QUOTED_SIZE];
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    char *dash = strchr(copy, '-');
    if (dash)
        *dash = '\0';
    if (unit_parse(UNIT_COUNT, copy, first) || unit_parse(UNIT_COUNT, dash ? dash + 1 : copy, last))
        return false;
    return *first <= *last;
}

// SB0 (all its CPUs), SB0/1 or SB0/0-3.
static enum err_code claim_place(struct reader *r, struct entry *e, struct value v)
{
    const struct machine *m = &r->out->machine;
    char name[NAME_MAX_BYTES], q[QUOTED_SIZE];
    const char *text = value_text(v), *slash = text ? strchr(text, '/') : NULL;
    size_t length = slash ? (size_t)(slash - text) : text ? strlen(text) : sizeof name;
    if (length >= sizeof name)
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "must be CPUs such as SB0/1, SB0/0-3, SB0, {first: 8}, all or rest");
    memcpy(name, text, length);
    name[length] = '\0';
    uint32_t board = find_board(m, name);
    if (board == NO_INDEX || m->boards[board].partition != e->partition)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "%s is not a CPU of partition %s; write BOARD/NUMBER", quoted(text, q),
                          m->partitions[e->partition].name);
    uint64_t cpus = m->boards[board].params.cpus, first = 0, last = cpus - 1;
    if (slash && !parse_range(slash + 1, &first, &last))
        return value_fail(v, ERR_BAD_VALUE, r->err, "%s is no CPU or range; write %s/0 or %s/0-%" PRIu64,
                          quoted(text, q), name, name, cpus - 1);
    if (last >= cpus)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "board %s has CPUs 0 to %" PRIu64, name,
                          cpus - 1);
    enum err_code code = ERR_OK;
    for (uint64_t i = first; i <= last && !code; i++)
        code = claim(r, e, v, board, (uint32_t)i);
    return code;
}

// {first: N}: board after board. {spread: N}: one CPU of each board in turn. Boards in the partition's order.
static enum err_code claim_number(struct reader *r, struct entry *e, struct value v)
{
    struct on_text {
        uint32_t first, spread;
    } text = {0};
    static const struct field fields[] = {
        {"first", read_number32, offsetof(struct on_text, first), OPTIONAL, UNIT_COUNT, 1, CPUS_MAX, 0},
        {"spread", read_number32, offsetof(struct on_text, spread), OPTIONAL, UNIT_COUNT, 1, CPUS_MAX, 0},
    };
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, r->err);
    if (!code && !text.first == !text.spread)
        code = value_fail(v, ERR_BAD_VALUE, r->err, "give one of first: and spread:, a number of CPUs");
    uint32_t left = text.first + text.spread, boards = p->n_boards;
    for (uint32_t i = 0; !code && left && i < boards * CPUS_PER_BOARD_MAX; i++) {
        uint32_t board = p->boards[text.spread ? i % boards : i / CPUS_PER_BOARD_MAX];
        uint32_t cpu = text.spread ? i / boards : i % CPUS_PER_BOARD_MAX;
        if (cpu >= m->boards[board].params.cpus)
            continue;
        code = claim(r, e, v, board, cpu);
        left--;
    }
    if (!code && left)
        code = value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "partition %s has only %" PRIu32 " CPUs; ask for fewer", p->name, e->members->n);
    return code;
}

static enum err_code read_on(struct reader *r, struct entry *e, struct value v)
{
    if (value_is(v, "all") || value_is(v, "rest"))
        return claim_all(r, e, v, value_is(v, "rest"));
    if (value_is_mapping(v))
        return claim_number(r, e, v);
    if (!value_is_list(v))
        return claim_place(r, e, v);
    if (value_length(v) == 0)
        return value_fail(v, ERR_BAD_VALUE, r->err, "the list is empty; name a CPU such as SB0/1");
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < value_length(v) && !code; i++)
        code = claim_place(r, e, list_at(v, i));
    return code;
}

static const struct {
    const char *key;
    enum err_code (*read)(struct reader *r, struct entry *e);
} kinds[] = {
    {"generator", generator_read}, {"record", record_read}, {"trace", trace_read},
    {"script", script_read},       {"load", load_read},
};

static enum err_code read_kind(struct reader *r, struct entry *e)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(kinds); i++)
        if (value_present(mapping_get(e->where, kinds[i].key)))
            return kinds[i].read(r, e);
    return value_fail(e->where, ERR_MISSING_KEY, r->err,
                      "says not what to run; add one of generator:, record:, trace:, script: or load:");
}

// Enters one CPU description per member. The script's text is copied for each: every description owns its
// own.
static void add_members(struct reader *r, const struct entry *e, uint32_t program)
{
    struct machine *m = &r->out->machine;
    for (uint32_t i = 0; i < e->members->n; i++) {
        *(uint32_t *)PUSH_BESIDE(r->out->program_of, m->n_cpus) = program;
        struct cpu_desc *cpu = PUSH(m->cpus, m->n_cpus);
        *cpu = e->cpu;
        cpu->board = e->members->board[i];
        cpu->index = e->members->index[i];
        cpu->member = i;
        cpu->program = program;
        cpu->script = e->cpu.script ? strdup(e->cpu.script) : NULL;
        NP_ASSERT(!e->cpu.script || cpu->script);
    }
}

// What can be checked only when it is known who runs the entry.
static enum err_code check_entry(struct reader *r, const struct entry *e)
{
    enum err_code code = ERR_OK;
    if (e->cpu.kind == CPU_GENERATOR)
        code = generator_check(r, e);
    if (e->cpu.kind == CPU_TRACE && e->recording == NO_RECORDING)
        code = trace_check_members(r, e);
    if (e->cpu.kind == CPU_ZARCH)
        code = load_check(r, e);
    return code || !e->pool.n_threads ? code : pool_check(r, e);
}

// The kind, then who runs it; both enter what they are into the machine.
static enum err_code read_whole(struct reader *r, struct entry *e)
{
    enum err_code code = ERR_OK;
    if (value_present(mapping_get(e->where, "threads")))
        code = pool_read(r, e);
    if (!code)
        code = read_kind(r, e);
    if (!code && !e->pool.n_threads) {
        code = read_on(r, e, mapping_get(e->where, "on"));
        e->cpu.members = e->members->n;
    }
    if (!code)
        code = check_entry(r, e);
    if (code)
        return code;
    uint32_t program = r->out->n_programs;
    *(struct program *)PUSH(r->out->programs, r->out->n_programs) =
        (struct program){e->partition, e->recording, value_line(e->where)};
    if (e->pool.n_threads)
        pool_add(r, e, program);
    else
        add_members(r, e, program);
    return ERR_OK;
}

static enum err_code read_entry(struct reader *r, struct value v, uint32_t partition)
{
    struct entry e = {.where = v, .partition = partition, .recording = NO_RECORDING};
    if (!value_is_mapping(v))
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a mapping such as {on: SB0/1, trace: FILE}");
    e.members = calloc(1, sizeof *e.members);
    NP_ASSERT(e.members);
    enum err_code code = read_whole(r, &e);
    free(e.members);
    free(e.cpu.script);
    return code;
}

// Threads need a CPU that no entry names.
static enum err_code check_pools_run(struct reader *r, struct value list, uint32_t partition)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[partition];
    if (m->n_pools == 0 || m->pools[m->n_pools - 1].partition != partition)
        return ERR_OK;
    for (uint32_t i = 0; i < p->n_boards; i++)
        for (uint32_t c = 0; c < m->boards[p->boards[i]].params.cpus; c++)
            if (!r->claims[p->boards[i]][c])
                return ERR_OK;
    return value_fail(
        list, ERR_IMPOSSIBLE_MACHINE, r->err,
        "every CPU has a program of its own, and none is left for threads; name fewer with on:");
}

// `rest` means the CPUs that no other entry names, wherever it stands: it is read last.
static enum err_code read_partition_programs(struct reader *r, struct value list, uint32_t partition)
{
    if (!value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err,
                          "must be a list of programs, each with 'on:' or 'threads:'");
    enum err_code code = ERR_OK;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < value_length(list) && !code; i++) {
            bool rest = value_is(mapping_get(list_at(list, i), "on"), "rest");
            if (rest == (pass == 1))
                code = read_entry(r, list_at(list, i), partition);
        }
    return code ? code : check_pools_run(r, list, partition);
}

struct sorted_cpu {
    struct cpu_desc cpu;
    uint32_t program;
};

static int compare_cpus(const void *a, const void *b)
{
    const struct sorted_cpu *x = a, *y = b;
    int board = (x->cpu.board > y->cpu.board) - (x->cpu.board < y->cpu.board);
    return board ? board : (x->cpu.index > y->cpu.index) - (x->cpu.index < y->cpu.index);
}

// CPU descriptions ascend by board and index, and the programs they belong to move along.
static void sort_cpus(struct scenario *s)
{
    uint32_t n = s->machine.n_cpus;
    struct sorted_cpu *all = calloc(n ? n : 1, sizeof *all);
    NP_ASSERT(all);
    for (uint32_t i = 0; i < n; i++)
        all[i] = (struct sorted_cpu){s->machine.cpus[i], s->program_of[i]};
    qsort(all, n, sizeof *all, compare_cpus);
    for (uint32_t i = 0; i < n; i++) {
        s->machine.cpus[i] = all[i].cpu;
        s->program_of[i] = all[i].program;
    }
    free(all);
}

// Tells every recording which CPUs it feeds, in the order of the members.
static void connect_recordings(struct scenario *s)
{
    for (uint32_t i = 0; i < s->machine.n_cpus; i++) {
        const struct cpu_desc *cpu = &s->machine.cpus[i];
        uint32_t recording = s->programs[s->program_of[i]].recording;
        if (recording == NO_RECORDING)
            continue;
        struct recording *to = &s->recordings[recording];
        if (!to->cpus)
            to->cpus = calloc(cpu->members, sizeof *to->cpus);
        NP_ASSERT(to->cpus && cpu->member < cpu->members);
        to->cpus[cpu->member] = i;
        to->n_cpus++;
    }
}

enum err_code programs_read(struct reader *r)
{
    enum err_code code = ERR_OK;
    for (uint32_t p = 0; p < r->out->machine.n_partitions && !code; p++)
        if (value_present(r->drafts[p].programs))
            code = read_partition_programs(r, r->drafts[p].programs, p);
    if (code)
        return code;
    sort_cpus(r->out);
    connect_recordings(r->out);
    return ERR_OK;
}
