// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/directory.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/fields.h"
#include "proto/base/assert.h"

static const char *const protocols[] = {PROTOCOL_NAMES};

// Kept in step with the protocol tables of node/coherence by a test: the coordinator does not see them.
static const char *const any_directory[] = {"sun"};

enum err_code protocol_check(const char *name, struct value v, struct err *err)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(protocols); i++)
        if (strcmp(protocols[i], name) == 0)
            return ERR_OK;
    return fail_not_one_of(v, ERR_BAD_VALUE, err, "protocol", name, protocols, NP_ARRAY_LEN(protocols));
}

bool protocol_takes_any_directory(const char *name)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(any_directory); i++)
        if (strcmp(any_directory[i], name) == 0)
            return true;
    return false;
}

static const char *const misses[DIRECTORY_MISS_COUNT] = {
    [DIRECTORY_RECALL] = "recall", [DIRECTORY_BROADCAST] = "broadcast"};

const char *directory_miss_name(enum directory_miss miss)
{
    return misses[miss];
}

enum err_code directory_miss_read(struct value v, enum directory_miss *miss, struct err *err)
{
    enum err_code code = check_name(v, err);
    for (unsigned i = 0; !code && i < DIRECTORY_MISS_COUNT; i++)
        if (strcmp(misses[i], value_text(v)) == 0) {
            *miss = (enum directory_miss)i;
            return ERR_OK;
        }
    return code ? code
                : fail_not_one_of(v, ERR_BAD_VALUE, err, "what a directory cache does on a miss",
                                  value_text(v), misses, DIRECTORY_MISS_COUNT);
}

enum err_code directory_check(const struct board_params *p, const char *board, struct value where,
                              struct err *err)
{
    if (p->sharer_pointers && p->sharer_coarse)
        return value_fail(
            where, ERR_IMPOSSIBLE_MACHINE, err,
            "board %s: a directory has pointers or coarse bits, not both; write sharer_coarse: 0", board);
    if (p->directory_entries == 0)
        return ERR_OK;
    uint32_t sets = p->directory_entries / p->directory_ways;
    if (p->directory_entries % p->directory_ways == 0 && (sets & (sets - 1)) == 0)
        return ERR_OK;
    uint32_t power = 1;
    while (power * 2 <= sets)
        power *= 2;
    return value_fail(where, ERR_IMPOSSIBLE_MACHINE, err,
                      "board %s: a directory cache of %" PRIu32 " entries, %" PRIu32
                      "-way, has no power of two of sets; write directory_entries: %" PRIu32,
                      board, p->directory_entries, p->directory_ways, power * p->directory_ways);
}

enum err_code directory_fits(const struct board_params *p, const char *board, const char *protocol,
                             struct value where, struct err *err)
{
    const char *figure = p->sharer_pointers     ? "sharer_pointers"
                         : p->sharer_coarse > 1 ? "sharer_coarse"
                         : p->directory_entries ? "directory_entries"
                                                : NULL;
    if (!figure || protocol_takes_any_directory(protocol))
        return ERR_OK;
    return value_fail(
        where, ERR_IMPOSSIBLE_MACHINE, err,
        "board %s: protocol %s needs a full map with an entry for every line, so it cannot do with "
        "%s; write protocol: %s, or %s: 0",
        board, protocol, figure, any_directory[0], figure);
}

static uint32_t log2_up(uint64_t n)
{
    uint32_t bits = 0;
    while (UINT64_C(1) << bits < n)
        bits++;
    return bits;
}

uint32_t directory_bits(const struct board_params *p, uint32_t boards)
{
    uint32_t coarse = p->sharer_coarse ? p->sharer_coarse : 1;
    return 2 + (p->sharer_pointers ? p->sharer_pointers * log2_up(boards) : (boards + coarse - 1) / coarse);
}

static void print_bits(uint32_t bits, uint32_t line_bytes, FILE *out)
{
    uint32_t tenths = (bits * 1000 + line_bytes * 4) / (line_bytes * 8);
    fprintf(out, "%" PRIu32 " bits, %" PRIu32 ".%" PRIu32 " %% of a line", bits, tenths / 10, tenths % 10);
}

void directory_print(const struct board_params *p, const struct system_desc *system, FILE *out)
{
    uint32_t bits = directory_bits(p, system->boards), entries = p->directory_entries;
    fprintf(out, "  directory    ");
    if (p->sharer_pointers)
        fprintf(out, "%" PRIu32 " pointer%s, more sharers count as all", p->sharer_pointers,
                p->sharer_pointers == 1 ? "" : "s");
    else if (p->sharer_coarse > 1)
        fprintf(out, "a bit for %" PRIu32 " boards", p->sharer_coarse);
    else
        fprintf(out, "full map");
    fprintf(out, ", %s: ", entries ? "per entry" : "for every line of memory");
    print_bits(bits, p->line_bytes, out);
    fputc('\n', out);
    if (entries == 0)
        return;
    uint64_t lines = p->memory_bytes / p->line_bytes;
    uint32_t tag = log2_up(lines / (entries / p->directory_ways));
    fprintf(out,
            "               in a cache of %" PRIu32 " entries, %" PRIu32 "-way, each with %" PRIu32
            " bits of tag; on a miss: %s\n",
            entries, p->directory_ways, tag, directory_miss_name(system->directory_miss));
}
