// SPDX-License-Identifier: Apache-2.0
#include "coordinator/where/where.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/fields.h"
#include "proto/base/assert.h"

// Reports that `given` is none of `names`, suggests the nearest, and lists them.
static enum err_code unknown(struct err *err, const char *what, const char *given, const char *const *names,
                             uint32_t n)
{
    const char *best = nearest(given, names, n);
    char list[256] = "", q[QUOTED_SIZE];
    size_t used = 0;
    for (uint32_t i = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    return err_set(err, ERR_USAGE, "there is no %s %s here; %s%s%sknown are: %s", what, quoted(given, q),
                   best ? "did you mean " : "", best ? best : "", best ? "? " : "", list);
}

static enum err_code find_partition_named(const struct machine *m, const char *name, uint32_t *partition,
                                          struct err *err)
{
    const char *names[PARTITIONS_MAX];
    for (*partition = 0; *partition < m->n_partitions; ++*partition) {
        names[*partition] = m->partitions[*partition].name;
        if (strcmp(name, names[*partition]) == 0)
            return ERR_OK;
    }
    return unknown(err, "partition", name, names, m->n_partitions);
}

static enum err_code find_member(const struct machine *m, uint32_t partition, const char *name,
                                 uint32_t *board, struct err *err)
{
    const struct partition_desc *p = &m->partitions[partition];
    const char *names[BOARDS_PER_SYSTEM_MAX];
    char what[NAME_MAX_BYTES + 32];
    for (uint32_t i = 0; i < p->n_boards; i++) {
        names[i] = m->boards[p->boards[i]].name;
        *board = p->boards[i];
        if (strcmp(name, names[i]) == 0)
            return ERR_OK;
    }
    snprintf(what, sizeof what, "board in partition %s named", p->name);
    return unknown(err, what, name, names, p->n_boards);
}

// A board that is neither the requestor nor the home, else the home, else any other.
static uint32_t choose_owner(const struct partition_desc *p, uint32_t from, uint32_t home)
{
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (p->boards[i] != from && p->boards[i] != home)
            return p->boards[i];
    return home != from ? home : NO_OWNER_BOARD;
}

static enum err_code find_boards(const struct scenario *scenario, const struct where_question *question,
                                 struct where_answer *answer, struct err *err)
{
    const struct machine *m = &scenario->machine;
    const struct partition_desc *p = &m->partitions[answer->partition];
    answer->from = p->boards[0];
    if (question->from && find_member(m, answer->partition, question->from, &answer->from, err))
        return err->code;
    answer->owner = choose_owner(p, answer->from, answer->place.board);
    if (question->owner && find_member(m, answer->partition, question->owner, &answer->owner, err))
        return err->code;
    if (answer->owner == answer->from)
        return err_set(
            err, ERR_USAGE,
            "--owner %s: a line that is dirty on the board of the load is a hit there; name another "
            "board",
            m->boards[answer->owner].name);
    return ERR_OK;
}

enum err_code where_answer(const struct scenario *scenario, const struct where_question *question,
                           struct where_answer *answer, struct err *err)
{
    const struct machine *m = &scenario->machine;
    *answer = (struct where_answer){0};
    if (find_partition_named(m, question->partition, &answer->partition, err))
        return err->code;
    const struct partition_desc *p = &m->partitions[answer->partition];
    if (!segments_find(p, question->address, &answer->place))
        return err_set(err, ERR_USAGE,
                       "address 0x%" PRIx64 " is beyond the memory of partition %s, which ends at 0x%" PRIx64
                       "; name one up to there, or give the partition more memory",
                       question->address, p->name, segments_end(p) - 1);
    if (find_boards(scenario, question, answer, err))
        return err->code;
    path_clean(m, answer->from, answer->place.board, &answer->clean);
    if (answer->owner != NO_OWNER_BOARD)
        path_dirty(m, answer->from, answer->place.board, answer->owner, &answer->dirty);
    return ERR_OK;
}
