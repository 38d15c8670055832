// SPDX-License-Identifier: Apache-2.0
// What a board knows of its partition: who stands behind the same gates, and where real addresses live. At
// time 0 it follows from the machine description; afterwards orders change it.
#include <string.h>

#include "node/board/internal.h"

void domain_set(struct board *board, const struct domain *domain)
{
    board->domain = *domain;
    segment_map_set(&board->map, domain->segments, domain->n_segments, domain->map_version);
    board->home.decode = board->map;
    board->home.form.boards = domain->members;
    if (board->watch)
        watch_domain(board);
}

void domain_init(struct board *board)
{
    const struct partition_desc *partition = board->partition;
    struct domain domain = {.partition = board->desc->partition};
    if (partition) {
        domain.n_segments = partition->n_segments;
        memcpy(domain.segments, partition->segments, partition->n_segments * sizeof domain.segments[0]);
        for (uint32_t i = 0; i < partition->n_boards; i++)
            domain.members |= UINT64_C(1) << (partition->boards[i] - board->system->first_board);
    }
    domain_set(board, &domain);
}

static const char *segment_invalid(const struct board *board, const struct segment_desc *segment,
                                   uint64_t from)
{
    if (segment->base < from || segment->size == 0 || segment->n_boards == 0 ||
        segment->n_boards > BOARDS_PER_SYSTEM_MAX || (segment->n_boards > 1 && segment->granule == 0))
        return "a segment";
    for (uint32_t i = 0; i < segment->n_boards; i++) {
        unsigned member = segment->boards[i] - board->system->first_board;
        if (member >= BOARDS_PER_SYSTEM_MAX || !(board->domain.members >> member & 1))
            return "a board of a segment";
    }
    return NULL;
}

// What was loaded must be able to index and to bound what it does.
static void check(const struct board *board, struct archive *ar)
{
    const struct domain *domain = &board->domain;
    const char *wrong = NULL;
    uint64_t from = 0;
    if (domain->partition != NO_PARTITION && domain->partition >= board->machine->n_partitions)
        wrong = "a partition";
    for (uint32_t i = 0; !wrong && i < domain->n_segments; i++) {
        wrong = segment_invalid(board, &domain->segments[i], from);
        from = domain->segments[i].base + domain->segments[i].size;
    }
    if (wrong)
        ar_fail(ar, "board %u knows %s that does not exist", board->number, wrong);
}

void domain_state(struct board *board, struct archive *ar)
{
    struct domain domain = board->domain;
    struct segment_map map = {.n = domain.n_segments, .version = domain.map_version};
    memcpy(map.segments, domain.segments, sizeof map.segments);
    ar_mark(ar, "DOMN");
    ar_u32(ar, &domain.partition);
    ar_u64(ar, &domain.members);
    segment_map_state(&map, ar);
    if (!ar_loading(ar) || ar_failed(ar))
        return;
    domain.n_segments = map.n;
    domain.map_version = map.version;
    memcpy(domain.segments, map.segments, sizeof domain.segments);
    board->domain = domain;
    check(board, ar);
    if (!ar_failed(ar))
        domain_set(board, &domain);
}

uint32_t board_partition(const struct board *board)
{
    return board->domain.partition;
}
