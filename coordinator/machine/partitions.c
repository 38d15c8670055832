// SPDX-License-Identifier: Apache-2.0
// Hard partitions: which boards, which memory map. Programs are read later, when links are known.
#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

struct partition_text {
    char name[NAME_MAX_BYTES];
    struct value boards, memory, permanent, frames, seed, programs;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct partition_text, key), presence, 0, 0, 0, 0                         \
    }
static const struct field fields[] = {
    {"name", read_name, offsetof(struct partition_text, name), REQUIRED, 0, 0, 0, 0},
    LATER(boards, REQUIRED), // names of its system's boards, or all
    LATER(memory,
          OPTIONAL), // ranges of real addresses, interleaved or contiguous; absent: as segments.h says
    LATER(permanent, OPTIONAL), // bytes from address 0 on that can only move by copy-rename
    LATER(frames, OPTIONAL),    // bytes of each board kept for virtual pages
    LATER(seed, OPTIONAL),      // of everything random in it; absent: from the scenario's seed and its name
    LATER(programs, OPTIONAL),  // what its CPUs do
};

static enum err_code take_board(struct reader *r, struct value v, uint32_t board, uint32_t partition)
{
    struct machine *m = &r->out->machine;
    struct partition_desc *p = &m->partitions[partition];
    struct board_desc *b = &m->boards[board];
    if (b->system != p->system)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s belongs to system %s; a hard partition lies within one system", b->name,
                          m->systems[b->system].name);
    if (b->partition != NO_PARTITION)
        return value_fail(
            v, ERR_IMPOSSIBLE_MACHINE, r->err,
            "board %s is in partition %s already (line %u); a board is in one partition at a time", b->name,
            m->partitions[b->partition].name, value_line(r->board_lines[board]));
    if (b->blacklisted)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is on the blacklist; take it off blacklist:, or leave it out here",
                          b->name);
    b->partition = partition;
    r->board_lines[board] = v;
    return ERR_OK;
}

static enum err_code take_listed(struct reader *r, struct value list, uint32_t partition)
{
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < value_length(list) && !code; i++) {
        uint32_t board = NO_INDEX;
        code = read_board(r, list_at(list, i), &board);
        if (!code)
            code = take_board(r, list_at(list, i), board, partition);
    }
    return code;
}

static enum err_code take_all(struct reader *r, struct value v, uint32_t partition)
{
    const struct machine *m = &r->out->machine;
    const struct system_desc *s = &m->systems[m->partitions[partition].system];
    enum err_code code = ERR_OK;
    for (uint32_t b = s->first_board; b < s->first_board + s->boards && !code; b++)
        code = take_board(r, v, b, partition);
    return code;
}

static enum err_code read_boards(struct reader *r, struct value v, uint32_t partition)
{
    struct machine *m = &r->out->machine;
    struct partition_desc *p = &m->partitions[partition];
    enum err_code code;
    if (value_is_list(v))
        code = take_listed(r, v, partition);
    else if (value_text(v) && strcmp(value_text(v), "all") == 0)
        code = take_all(r, v, partition);
    else
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a list of boards such as [SB0, SB1], or all");
    for (uint32_t b = 0; b < m->n_boards; b++) // ascending, whatever the order in the file
        if (m->boards[b].partition == partition)
            p->boards[p->n_boards++] = (uint16_t)b;
    if (!code && p->n_boards == 0)
        code = value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "a partition has at least one board; name one");
    return code;
}

// FNV-1a, 64 bits: the name alone decides, so that a partition's seed does not depend on its neighbours.
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

void scenario_set_seed(struct scenario *scenario, uint64_t seed)
{
    struct machine *m = &scenario->machine;
    m->seed = seed;
    for (uint32_t i = 0; i < m->n_partitions; i++)
        if (!scenario->seed_given[i])
            m->partitions[i].seed = rng_for(seed, hash_name(m->partitions[i].name)).state;
}

static enum err_code read_seed(struct reader *r, struct value v, uint32_t partition)
{
    static const struct field row = {.unit = UNIT_COUNT, .min = 0, .max = UINT64_MAX};
    if (!value_present(v))
        return ERR_OK;
    r->out->seed_given[partition] = true;
    return read_number(&row, v, &r->out->machine.partitions[partition].seed, r->err);
}

static enum err_code read_partition(struct reader *r, struct value v, uint32_t system)
{
    struct machine *m = &r->out->machine;
    struct partition_text text = {0};
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, r->err);
    if (code)
        return code;
    if (find_partition(m, text.name) != NO_INDEX)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "there are two partitions '%s'; rename one",
                          text.name);
    if (m->n_partitions == PARTITIONS_MAX)
        return value_fail(v, ERR_LIMIT, r->err, "more than %u partitions; remove some", PARTITIONS_MAX);
    uint32_t number = m->n_partitions;
    PUSH_BESIDE(r->out->seed_given, number);
    struct partition_desc *p = PUSH(m->partitions, m->n_partitions);
    strcpy(p->name, text.name);
    p->system = system;
    r->drafts[number] = (struct draft){v, text.memory, text.permanent, text.frames, text.programs};
    code = read_seed(r, text.seed, number);
    if (!code)
        code = read_boards(r, text.boards, number);
    return code ? code : memory_read(r, number);
}

enum err_code partitions_read(struct reader *r, struct value list, uint32_t system)
{
    if (!value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of partitions, each with '- name:'");
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_partition(r, list_at(list, i), system);
    return code;
}
