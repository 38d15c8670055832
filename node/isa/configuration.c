// SPDX-License-Identifier: Apache-2.0
#include "node/isa/configuration.h"

#include <string.h>

#include "proto/base/assert.h"

static const struct system_desc *system_of(const struct configuration *c)
{
    return &c->machine->systems[c->machine->partitions[c->partition].system];
}

uint16_t configuration_first_cpu(const struct configuration *c, uint16_t board)
{
    return c->domain->cpu_addresses[board - system_of(c)->first_board];
}

static bool is_described(const struct configuration *c, uint16_t board)
{
    return configuration_first_cpu(c, board) == CPU_ADDRESSES_DESCRIBED;
}

// Increments of such a size that twice the memory of all boards of a system (domains have gaps) has no more
// of them than there are numbers: at least 1 MiB, the unit of READ SCP INFO.
static unsigned shift_of(const struct machine *machine, const struct system_desc *system)
{
    uint64_t bytes = 0;
    unsigned shift = 20;
    for (uint32_t i = 0; i < system->boards; i++)
        bytes += machine->boards[system->first_board + i].params.memory_bytes;
    while (2 * bytes >> shift >= INCREMENTS_MAX - 1)
        shift++;
    return shift;
}

uint64_t configuration_storage_max(const struct machine *machine, const struct system_desc *system)
{
    return (uint64_t)(INCREMENTS_MAX - 1) << shift_of(machine, system);
}

void configuration_init(struct configuration *c, const struct machine *machine, const struct domain *domain)
{
    memset(c, 0, sizeof *c);
    c->machine = machine;
    c->domain = domain;
    c->partition = NO_PARTITION;
    for (uint32_t i = 0; i < GUEST_CPUS_MAX; i++)
        c->cpus[i] = NO_CPU;
}

static void name_cpu(struct configuration *c, uint32_t address, component_id cpu)
{
    NP_ASSERT(address < GUEST_CPUS_MAX);
    c->cpus[address] = cpu;
    if (address >= c->n_cpus)
        c->n_cpus = address + 1;
}

static bool is_member(const struct configuration *c, uint16_t board)
{
    unsigned number = board - system_of(c)->first_board;
    return number < BOARDS_PER_SYSTEM_MAX && c->domain->members >> number & 1;
}

// CPUs with a program of another kind are not the guest's: their addresses stay free.
static bool has_other_program(const struct configuration *c, uint16_t board, uint32_t index)
{
    for (uint32_t i = 0; i < c->machine->n_cpus; i++) {
        const struct cpu_desc *desc = &c->machine->cpus[i];
        if (desc->board == board && desc->index == index)
            return desc->kind != CPU_ZARCH && desc->kind != CPU_IDLE;
    }
    return false;
}

static void name_joined(struct configuration *c, uint16_t board)
{
    uint16_t first = configuration_first_cpu(c, board);
    if (first == CPU_ADDRESSES_DESCRIBED || first == CPU_ADDRESSES_NONE)
        return;
    for (uint32_t i = 0; i < c->machine->boards[board].params.cpus; i++)
        if (!has_other_program(c, board, i))
            name_cpu(c, first + i, component(board, UNIT_CPU0 + i));
}

static void name_cpus(struct configuration *c)
{
    const struct machine *machine = c->machine;
    const struct system_desc *system = system_of(c);
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *desc = &machine->cpus[i];
        if (desc->kind == CPU_ZARCH && machine->boards[desc->board].partition == c->partition &&
            is_member(c, desc->board) && is_described(c, desc->board))
            name_cpu(c, desc->member, component(desc->board, UNIT_CPU0 + desc->index));
    }
    for (uint32_t i = 0; i < system->boards; i++)
        if (c->domain->members >> i & 1)
            name_joined(c, (uint16_t)(system->first_board + i));
}

// Those that the guest had, and those it begins with.
static void keep_cpus(struct configuration *c, const component_id *was)
{
    uint32_t had[GUEST_CPUS_MAX / 32];
    memcpy(had, c->configured, sizeof had);
    memset(c->configured, 0, sizeof c->configured);
    for (uint32_t i = 0; i < c->n_cpus; i++) {
        if (c->cpus[i] == NO_CPU)
            continue;
        bool known = was[i] == c->cpus[i], described = is_described(c, (uint16_t)component_board(c->cpus[i]));
        configuration_set_cpu(c, i, known ? had[i / 32] >> i % 32 & 1 : described);
    }
}

uint32_t configuration_increments(const struct configuration *c)
{
    return (uint32_t)((c->end + (UINT64_C(1) << c->shift) - 1) >> c->shift);
}

// Bytes of the increment that lie in the segment.
static uint64_t overlap(const struct configuration *c, uint32_t increment, const struct segment_desc *segment)
{
    uint64_t from = (uint64_t)increment << c->shift, to = from + (UINT64_C(1) << c->shift);
    uint64_t end = segment->base + segment->size;
    from = from > segment->base ? from : segment->base;
    to = to < end ? to : end;
    return to > from ? to - from : 0;
}

static bool segment_is_described(const struct configuration *c, const struct segment_desc *segment)
{
    bool described = false;
    for (uint32_t i = 0; i < segment->n_boards; i++)
        described |= is_described(c, segment->boards[i]);
    return described;
}

// The segment that has the most to say of an increment: one of the description if any is there, else the one
// that has all of it. NULL: neither.
static const struct segment_desc *segment_of(const struct configuration *c, uint32_t increment)
{
    const struct segment_desc *whole = NULL;
    for (uint32_t i = 0; i < c->domain->n_segments; i++) {
        const struct segment_desc *segment = &c->domain->segments[i];
        uint64_t bytes = overlap(c, increment, segment);
        if (bytes && segment_is_described(c, segment))
            return segment;
        if (bytes >> c->shift)
            whole = segment;
    }
    return whole;
}

uint16_t configuration_owner(const struct configuration *c, uint32_t increment)
{
    const struct segment_desc *segment =
        increment < configuration_increments(c) ? segment_of(c, increment) : NULL;
    if (!segment || segment->n_boards != 1 || is_described(c, segment->boards[0]) ||
        configuration_first_cpu(c, segment->boards[0]) == CPU_ADDRESSES_NONE)
        return NO_BOARD;
    return segment->boards[0];
}

uint32_t configuration_element(const struct configuration *c, uint32_t increment)
{
    uint16_t owner = configuration_owner(c, increment);
    if (owner != NO_BOARD)
        return 1 + owner - system_of(c)->first_board;
    const struct segment_desc *segment = segment_of(c, increment);
    return segment && segment_is_described(c, segment) ? 0 : NO_ELEMENT;
}

uint64_t configuration_offset(const struct configuration *c, uint32_t increment)
{
    const struct segment_desc *segment = segment_of(c, increment);
    NP_ASSERT(segment && segment->n_boards == 1);
    return segment->offset + (((uint64_t)increment << c->shift) - segment->base);
}

static bool is_plain(const struct configuration *c)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < c->domain->n_segments; i++) {
        if (c->domain->segments[i].base != at)
            return false;
        at += c->domain->segments[i].size;
    }
    for (uint32_t i = 0; i < configuration_increments(c); i++)
        if (!configuration_has_increment(c, i))
            return false;
    return true;
}

static void put_increment(struct configuration *c, uint32_t increment, bool on)
{
    uint32_t bit = UINT32_C(1) << increment % 32, *word = &c->assigned[increment / 32];
    *word = on ? *word | bit : *word & ~bit;
}

// What has been assigned stays so as long as there is storage; what the machine describes always is.
static void keep_storage(struct configuration *c)
{
    const struct domain *domain = c->domain;
    uint32_t had[INCREMENTS_MAX / 32];
    memcpy(had, c->assigned, sizeof had);
    memset(c->assigned, 0, sizeof c->assigned);
    c->end = 0;
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        const struct segment_desc *segment = &domain->segments[i];
        bool described = segment_is_described(c, segment);
        c->end = segment->base + segment->size;
        NP_ASSERT(configuration_increments(c) <= INCREMENTS_MAX);
        for (uint32_t k = (uint32_t)(segment->base >> c->shift); k < configuration_increments(c); k++)
            if (described || had[k / 32] >> k % 32 & 1)
                put_increment(c, k, true);
    }
    c->plain = is_plain(c);
}

static bool has_guest(const struct configuration *c, uint32_t partition)
{
    return partition != NO_PARTITION && c->machine->partitions[partition].guest.n_cpus > 0;
}

void configuration_follow(struct configuration *c)
{
    component_id was[GUEST_CPUS_MAX];
    uint32_t partition = c->domain->partition;
    if (!has_guest(c, partition)) {
        if (c->partition != NO_PARTITION)
            configuration_init(c, c->machine, c->domain);
        return;
    }
    if (partition != c->partition)
        configuration_init(c, c->machine, c->domain);
    c->partition = partition;
    c->shift = shift_of(c->machine, system_of(c));
    c->service = component(c->machine->partitions[partition].boards[0], UNIT_SERVICE);
    memcpy(was, c->cpus, sizeof was);
    c->n_cpus = 0;
    for (uint32_t i = 0; i < GUEST_CPUS_MAX; i++)
        c->cpus[i] = NO_CPU;
    name_cpus(c);
    keep_cpus(c, was);
    keep_storage(c);
}

void configuration_reset(struct configuration *c)
{
    bool changed = c->changed;
    configuration_init(c, c->machine, c->domain);
    configuration_follow(c);
    c->changed = changed;
}

void configuration_set_cpu(struct configuration *c, uint32_t address, bool on)
{
    uint32_t bit = UINT32_C(1) << address % 32, *word = &c->configured[address / 32];
    *word = on ? *word | bit : *word & ~bit;
}

void configuration_set_storage(struct configuration *c, uint32_t increment, bool on)
{
    put_increment(c, increment, on);
    c->plain = is_plain(c);
}

void configuration_set_cpus(struct configuration *c, uint32_t word, uint32_t bits)
{
    if (word < NP_ARRAY_LEN(c->configured))
        c->configured[word] = bits;
}

void configuration_set_increments(struct configuration *c, uint32_t word, uint32_t bits)
{
    if (word < NP_ARRAY_LEN(c->assigned))
        c->assigned[word] = bits;
    c->plain = is_plain(c);
}

uint32_t configuration_cpus(const struct configuration *c, bool configured)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_cpus; i++)
        n += c->cpus[i] != NO_CPU && configuration_has_cpu(c, i) == configured;
    return n;
}

static bool lies_on(const struct segment_desc *segment, uint16_t board)
{
    for (uint32_t i = 0; i < segment->n_boards; i++)
        if (segment->boards[i] == board)
            return true;
    return false;
}

uint64_t configuration_bytes(const struct configuration *c, uint16_t board)
{
    uint64_t bytes = 0;
    if (c->partition == NO_PARTITION)
        return 0;
    for (uint32_t i = 0; i < c->domain->n_segments; i++) {
        const struct segment_desc *segment = &c->domain->segments[i];
        if (!lies_on(segment, board))
            continue;
        uint32_t first = (uint32_t)(segment->base >> c->shift);
        uint32_t last = (uint32_t)((segment->base + segment->size - 1) >> c->shift);
        for (uint32_t k = first; k <= last; k++)
            if (configuration_has_increment(c, k))
                bytes += overlap(c, k, segment) / segment->n_boards;
    }
    return bytes;
}

void configuration_state(struct configuration *c, struct archive *ar)
{
    ar_mark(ar, "CONF");
    ar_bool(ar, &c->changed);
    for (uint32_t i = 0; i < NP_ARRAY_LEN(c->configured); i++)
        ar_u32(ar, &c->configured[i]);
    for (uint32_t i = 0; i < (configuration_increments(c) + 31) / 32; i++)
        ar_u32(ar, &c->assigned[i]);
    if (ar_loading(ar))
        c->plain = is_plain(c);
}
