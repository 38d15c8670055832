// SPDX-License-Identifier: Apache-2.0
#include "node/host/order_rules.h"

#include "node/isa/configuration.h"
#include "proto/base/guest.h"
#include "proto/base/rules.h"

// Number of a board in the system; BOARDS_PER_SYSTEM_MAX: it is not of it.
static unsigned number_in(const struct system_desc *system, unsigned board)
{
    unsigned number = board - system->first_board; // huge when it is below
    return number < system->boards ? number : BOARDS_PER_SYSTEM_MAX;
}

static const char *segment_invalid(const struct machine *m, const struct system_desc *system,
                                   const struct domain *domain, const struct segment_desc *s)
{
    RULE(s->size > 0 && s->size % PAGE_BYTES == 0 && s->base % PAGE_BYTES == 0 && s->offset % PAGE_BYTES == 0,
         "a segment's base, size or offset is not a multiple of a page");
    RULE(s->base + s->size > s->base, "a segment leaves the address space");
    RULE(s->n_boards >= 1 && s->n_boards <= BOARDS_PER_SYSTEM_MAX, "a segment has no boards or too many");
    RULE(s->granule != 0 || s->n_boards == 1, "a contiguous segment has more than one board");
    RULE(s->granule == 0 || ((s->granule & (s->granule - 1)) == 0 && s->size % s->n_boards == 0 &&
                             s->granule >= m->boards[system->first_board].params.line_bytes &&
                             s->size / s->n_boards % s->granule == 0),
         "an interleaved segment is not a whole number of granules on each of its boards");
    for (uint32_t i = 0; i < s->n_boards; i++) {
        unsigned number = number_in(system, s->boards[i]);
        RULE(number < BOARDS_PER_SYSTEM_MAX && domain->members >> number & 1,
             "a segment lies on a board outside its domain");
        uint64_t memory = m->boards[s->boards[i]].params.memory_bytes;
        RULE(s->offset <= memory && s->size / s->n_boards <= memory - s->offset,
             "a segment reaches beyond the memory of one of its boards");
    }
    return NULL;
}

// CPU addresses of boards that joined a guest's partition: each has its own.
static const char *offers_invalid(const struct machine *m, const struct system_desc *system,
                                  const struct domain *domain)
{
    uint64_t taken[GUEST_CPUS_MAX / 64] = {0};
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        uint32_t first = domain->cpu_addresses[i];
        if (first == CPU_ADDRESSES_DESCRIBED)
            continue;
        RULE(i < system->boards && domain->members >> i & 1, "CPU addresses of a board outside its domain");
        if (first == CPU_ADDRESSES_NONE)
            continue;
        uint32_t cpus = m->boards[system->first_board + i].params.cpus;
        RULE(first + cpus <= GUEST_CPUS_MAX, "a CPU has an address beyond the last");
        for (uint32_t k = first; k < first + cpus; k++) {
            RULE(!(taken[k / 64] >> k % 64 & 1), "two CPUs have one address");
            taken[k / 64] |= UINT64_C(1) << k % 64;
        }
    }
    return NULL;
}

static const char *domain_invalid(const struct machine *m, const struct order *order)
{
    const struct domain *domain = &order->domain;
    const struct system_desc *system = &m->systems[m->boards[order->board].system];
    if (domain->partition == NO_PARTITION) {
        RULE(domain->members == 0 && domain->n_segments == 0, "no partition has members or memory");
        return NULL;
    }
    RULE(domain->partition < m->n_partitions &&
             &m->systems[m->partitions[domain->partition].system] == system,
         "a domain is of no partition of its system");
    RULE(system->boards == BOARDS_PER_SYSTEM_MAX || domain->members >> system->boards == 0,
         "a domain has members that its system has not");
    RULE(domain->members >> number_in(system, order->board) & 1, "a board is no member of its own domain");
    uint64_t end = 0;
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        CHECK(segment_invalid(m, system, domain, &domain->segments[i]));
        RULE(domain->segments[i].base >= end, "segments overlap or are out of order");
        end = domain->segments[i].base + domain->segments[i].size;
    }
    RULE(end <= configuration_storage_max(m, system),
         "storage reaches further than its increments have numbers");
    return offers_invalid(m, system, domain);
}

static const char *share_invalid(const struct machine *m, const struct system_desc *system,
                                 enum order_kind kind, const struct order_share *share)
{
    RULE(number_in(system, share->board) < BOARDS_PER_SYSTEM_MAX, "a share is of a board of another system");
    uint64_t frames = m->boards[share->board].params.memory_bytes / PAGE_BYTES;
    RULE(kind != ORDER_DRAIN || (share->first <= frames && share->number <= frames - share->first),
         "pages go to frames that a board has not");
    return NULL;
}

static const char *line_invalid(const struct machine *m, const struct order *order)
{
    uint32_t own = m->boards[order->board].partition;
    RULE(own < m->n_partitions && m->partitions[own].guest.image[0] &&
             m->partitions[own].boards[0] == order->board,
         "a line is typed at a board without a guest's service element");
    RULE(guest_line_ok(order->bytes, order->n_bytes), "a typed line is too long or not printable ASCII");
    return NULL;
}

const char *order_invalid(const struct machine *m, const struct order *order)
{
    RULE(order->board < m->n_boards, "an order is for a board that does not exist");
    const struct board_desc *desc = &m->boards[order->board];
    const struct system_desc *system = &m->systems[desc->system];
    RULE(order->at != SIM_NEVER, "an order is given at no time");
    for (uint32_t i = 0; i < order->n_shares; i++)
        CHECK(share_invalid(m, system, order->kind, &order->shares[i]));
    if (order->kind == ORDER_DOMAIN)
        return domain_invalid(m, order);
    if (order->kind == ORDER_TYPE)
        return line_invalid(m, order);
    if (order->kind == ORDER_TEST)
        RULE(order->size <= desc->params.memory_bytes, "a test is of more memory than there is");
    if (order->kind != ORDER_COPY)
        return NULL;
    RULE(number_in(system, order->target) < BOARDS_PER_SYSTEM_MAX && order->target != order->board,
         "memory goes to a board of another system, or to its own");
    uint64_t own = desc->params.memory_bytes, there = m->boards[order->target].params.memory_bytes;
    RULE(order->offset <= own && order->size <= own - order->offset && order->offset <= there &&
             order->size <= there - order->offset,
         "memory to copy is not there, or its target has no room");
    return NULL;
}
