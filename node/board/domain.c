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
    configuration_init(&board->configuration, board->machine, &board->domain);
    configuration_follow(&board->configuration);
}

// Whether the addresses that a member's CPUs are offered exist.
static bool offer_is_wrong(const struct board *board, uint32_t member)
{
    uint16_t first = board->domain.cpu_addresses[member];
    if (first == CPU_ADDRESSES_DESCRIBED ||
        (first == CPU_ADDRESSES_NONE && board->domain.members >> member & 1))
        return false;
    if (member >= board->system->boards || !(board->domain.members >> member & 1))
        return true;
    return first + board->machine->boards[board->system->first_board + member].params.cpus > GUEST_CPUS_MAX;
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
    if (from > configuration_storage_max(board->machine, board->system))
        wrong = "storage";
    for (uint32_t i = 0; !wrong && i < BOARDS_PER_SYSTEM_MAX; i++)
        if (offer_is_wrong(board, i))
            wrong = "CPU addresses";
    if (wrong)
        ar_fail(ar, "board %u knows %s that does not exist", board->number, wrong);
}

// Partitions that were offered nothing keep the digests that they had before there were offers.
static void offers_state(struct domain *domain, struct archive *ar)
{
    bool any = false;
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        any |= domain->cpu_addresses[i] != CPU_ADDRESSES_DESCRIBED;
    if (ar->mode == AR_HASH && !any)
        return;
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        ar_u16(ar, &domain->cpu_addresses[i]);
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
    offers_state(&domain, ar);
    if (!ar_loading(ar) || ar_failed(ar))
        return;
    domain.n_segments = map.n;
    domain.map_version = map.version;
    memcpy(domain.segments, map.segments, sizeof domain.segments);
    board->domain = domain;
    check(board, ar);
    if (ar_failed(ar))
        return;
    domain_set(board, &domain);
    configuration_follow(&board->configuration);
}

uint32_t board_partition(const struct board *board)
{
    return board->domain.partition;
}
