// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/generators.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "coordinator/machine/segments.h"
#include "proto/base/assert.h"
#include "proto/base/pool.h"

// Patterns keep apart what must not share a line in lines of this many bytes at least (node/cpu/README.md).
#define PATTERN_LINE 64

// What a pattern needs to make sense.
static const struct traits {
    const char *name;
    uint32_t members_min, members_max; // 0: any number
    bool even;                         // members work in pairs
    uint32_t lines;                    // least size of the region, in lines: this many ...
    uint32_t lines_per_member;         // ... and this many for each member
    uint32_t outstanding_max;          // 1: each access depends on the one before
} patterns[PATTERN_COUNT] = {
    [PATTERN_PRIVATE] = {"private", 1, 0, false, 0, 1, OUTSTANDING_MAX},
    [PATTERN_STREAM] = {"stream", 1, 0, false, 0, 1, OUTSTANDING_MAX},
    [PATTERN_RANDOM] = {"random", 1, 0, false, 1, 0, OUTSTANDING_MAX},
    [PATTERN_POINTER_CHASE] = {"pointer-chase", 1, 0, false, 0, 2, 1},
    [PATTERN_PRODUCER_CONSUMER] = {"producer-consumer", 2, 0, true, 0, 1, 1},
    [PATTERN_PING_PONG] = {"ping-pong", 2, 0, false, 0, 1, 1},
    [PATTERN_HOT_LINES] = {"hot-lines", 1, 0, false, 1, 0, OUTSTANDING_MAX},
    // Each member has a word of its own in every line.
    [PATTERN_FALSE_SHARING] = {"false-sharing", 2, PATTERN_LINE / 8, false, 1, 0, 1},
    [PATTERN_LOCK] = {"lock", 1, 0, false, 2, 0, 1},
    [PATTERN_BURST] = {"burst", 1, 0, false, 0, 1, OUTSTANDING_MAX},
    [PATTERN_KERNEL] = {"kernel", 1, 0, false, 2, 0, 1},
    [PATTERN_FRAMES] = {"frames", 1, 1, false, 1, 0, 1}, // one program at each end of a link
};

static const struct key_row {
    struct field field;
    size_t size; // of the member
    uint64_t normal;
    unsigned patterns;
} keys[GENERATOR_KEY_COUNT] = {
#define X(name, key, unit, member, min, max, multiple, normal, patterns)                                     \
    [name] = {{key, sizeof((struct cpu_desc *)0)->member == 4 ? read_number32 : read_number,                 \
               offsetof(struct cpu_desc, member), OPTIONAL, unit, min, max, multiple},                       \
              sizeof((struct cpu_desc *)0)->member,                                                          \
              normal,                                                                                        \
              patterns},
    GENERATOR_KEYS(X)
#undef X
};

const char *pattern_name(enum pattern pattern)
{
    return patterns[pattern].name;
}

bool pattern_has_key(enum pattern pattern, enum generator_key key)
{
    return (keys[key].patterns & 1u << pattern) != 0;
}

const char *generator_key_name(enum generator_key key)
{
    return keys[key].field.key;
}

const char *generator_key_format(const struct cpu_desc *cpu, enum generator_key key,
                                 char text[UNIT_TEXT_SIZE])
{
    uint64_t value = 0;
    memcpy(&value, (const char *)cpu + keys[key].field.offset, keys[key].size);
    return unit_format(keys[key].field.unit, value, text);
}

// What every generator has, and a cpu_desc has no room for before it is understood.
struct generator_text {
    struct runner runner; // first: see runner_rows
    struct value pattern, region, link;
    uint32_t outstanding;
};

#define LATER(key, member, presence)                                                                         \
    {                                                                                                        \
        key, read_later, offsetof(struct generator_text, member), presence, 0, 0, 0, 0                       \
    }
static const struct field common[] = {
    LATER("generator", pattern, REQUIRED),
    LATER("region", region,
          REQUIRED), // {base, size} of real addresses, shared by all members; threads: {size}
    {"outstanding", read_number32, offsetof(struct generator_text, outstanding), OPTIONAL, UNIT_COUNT, 1,
     OUTSTANDING_MAX, 0},
    LATER("link", link, OPTIONAL), // frames only
};

static enum err_code read_pattern(struct reader *r, struct value v, enum pattern *pattern)
{
    const char *names[PATTERN_COUNT];
    for (unsigned i = 0; i < PATTERN_COUNT; i++) {
        names[i] = patterns[i].name;
        if (value_is(v, names[i])) {
            *pattern = (enum pattern)i;
            return ERR_OK;
        }
    }
    if (!value_text(v))
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be the name of a pattern, such as random");
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, "pattern", value_text(v), names, PATTERN_COUNT);
}

// One table for the check of keys; then each half is read into its own struct.
static enum err_code read_keys(struct reader *r, const struct entry *e, struct cpu_desc *cpu,
                               struct generator_text *text)
{
    struct field rows[NP_ARRAY_LEN(common) + RUNNER_KEYS + GENERATOR_KEY_COUNT];
    struct value entry = e->where;
    size_t n = NP_ARRAY_LEN(common) - (cpu->pattern != PATTERN_FRAMES);
    memcpy(rows, common, sizeof common);
    n += runner_rows(e, rows + n);
    size_t own = n;
    for (unsigned i = 0; i < GENERATOR_KEY_COUNT; i++) {
        if (!pattern_has_key(cpu->pattern, (enum generator_key)i))
            continue;
        memcpy((char *)cpu + keys[i].field.offset, &keys[i].normal, keys[i].size);
        rows[n++] = keys[i].field;
    }
    enum err_code code = fields_check_keys(entry, rows, n, r->err);
    for (size_t i = 0; i < n && !code; i++) {
        struct value v = mapping_get(entry, rows[i].key);
        char *base = i < own ? (char *)text : (char *)cpu;
        if (value_present(v))
            code = rows[i].read(&rows[i], v, base + rows[i].offset, r->err);
        else if (rows[i].presence == REQUIRED)
            code = value_fail(entry, ERR_MISSING_KEY, r->err, "key '%s' is missing; add it", rows[i].key);
    }
    return code;
}

static enum err_code read_region(struct reader *r, const struct entry *e, struct value v,
                                 struct cpu_desc *cpu)
{
    struct value base = value_is_mapping(v) ? mapping_get(v, "base") : (struct value){0};
    if (e->pool.n_threads && value_present(base))
        return value_fail(base, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "threads have virtual addresses, which begin at 0; leave base: out");
    static const struct field fields[] = {
        {"base", read_number, offsetof(struct cpu_desc, base), OPTIONAL, UNIT_SIZE, 0, UINT64_MAX, 8},
        {"size", read_number, offsetof(struct cpu_desc, size), REQUIRED, UNIT_SIZE, 8, UINT64_MAX, 8},
    };
    return fields_read(v, fields, NP_ARRAY_LEN(fields), cpu, r->err);
}

static enum err_code read_link(struct reader *r, struct value entry, struct value v, struct cpu_desc *cpu)
{
    const struct machine *m = &r->out->machine;
    const char *names[LINKS_MAX];
    if (!value_present(v))
        return value_fail(entry, ERR_MISSING_KEY, r->err, "key 'link' is missing; name one of links:");
    if (!value_text(v))
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be the name of one of links:");
    for (uint32_t i = 0; i < m->n_links; i++) {
        names[i] = m->links[i].name;
        if (strcmp(names[i], value_text(v)) == 0) {
            cpu->link = i;
            return ERR_OK;
        }
    }
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, "link", value_text(v), names, m->n_links);
}

static enum err_code read_threads(struct reader *r, const struct entry *e)
{
    if (!e->pool.n_threads || pattern_has_threads(e->cpu.pattern))
        return ERR_OK;
    return value_fail(mapping_get(e->where, "generator"), ERR_IMPOSSIBLE_MACHINE, r->err,
                      "threads of '%s' would wait for one another; name CPUs with on:, or use private, "
                      "stream, random, hot-lines, burst or pointer-chase",
                      patterns[e->cpu.pattern].name);
}

enum err_code generator_read(struct reader *r, struct entry *e)
{
    struct generator_text text = {.outstanding = 1};
    struct cpu_desc *cpu = &e->cpu;
    cpu->kind = CPU_GENERATOR;
    enum err_code code = read_pattern(r, mapping_get(e->where, "generator"), &cpu->pattern);
    if (!code)
        code = read_threads(r, e);
    if (!code)
        code = read_keys(r, e, cpu, &text);
    if (!code)
        code = read_region(r, e, text.region, cpu);
    if (!code && cpu->pattern == PATTERN_FRAMES)
        code = read_link(r, e->where, text.link, cpu);
    const struct traits *t = &patterns[cpu->pattern];
    if (!code && text.outstanding > t->outstanding_max)
        code = value_fail(mapping_get(e->where, "outstanding"), ERR_BAD_VALUE, r->err,
                          "in '%s' each access depends on the one before; write outstanding: 1", t->name);
    cpu->outstanding = text.outstanding;
    return code;
}

static uint64_t buffer_bytes(const struct cpu_desc *cpu)
{
    return (cpu->frame_bytes + UINT64_C(7)) / 8 * 8;
}

// The least size of a generator's region, which has to hold what each member keeps apart from the others'.
static uint64_t region_least(const struct cpu_desc *cpu, uint32_t line_bytes)
{
    const struct traits *t = &patterns[cpu->pattern];
    uint64_t line = line_bytes;
    line = line > PATTERN_LINE ? line : PATTERN_LINE;
    uint64_t least = line * (t->lines + (uint64_t)t->lines_per_member * cpu->members);
    if (cpu->pattern == PATTERN_POINTER_CHASE && 2 * cpu->stride * cpu->members > least)
        least = 2 * cpu->stride * cpu->members; // a chain has two links
    if (cpu->pattern == PATTERN_KERNEL)
        least = 2 * line * cpu->locks; // half of the region is lock words
    if (cpu->pattern == PATTERN_FRAMES && 2 * buffer_bytes(cpu) > least)
        least = 2 * buffer_bytes(cpu); // one to send from and one to receive into
    return least;
}

static enum err_code check_size(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    uint64_t least = region_least(&e->cpu, m->boards[p->boards[0]].params.line_bytes);
    char size[UNIT_TEXT_SIZE];
    if (e->cpu.size >= least)
        return ERR_OK;
    return value_fail(mapping_get(e->where, "region"), ERR_IMPOSSIBLE_MACHINE, r->err,
                      "too small for '%s' with %" PRIu32 " %s; write size: %s or more",
                      patterns[e->cpu.pattern].name, e->cpu.members, e->pool.n_threads ? "threads" : "CPUs",
                      unit_format(UNIT_SIZE, least, size));
}

static enum err_code check_place(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    const struct cpu_desc *cpu = &e->cpu;
    struct value v = mapping_get(e->where, "region");
    uint64_t end = segments_end(p);
    char size[UNIT_TEXT_SIZE];
    if (cpu->size > end || cpu->base > end - cpu->size)
        return value_fail(
            v, ERR_IMPOSSIBLE_MACHINE, r->err,
            "ends beyond the real memory of partition %s, which has %s; move it down or make it smaller",
            p->name, unit_format(UNIT_SIZE, end, size));
    if (!segments_region_free(p, m, cpu->base, cpu->size))
        return value_fail(
            v, ERR_IMPOSSIBLE_MACHINE, r->err,
            "reaches into the frames for virtual pages, which begin at %s of each board; move it to "
            "lower addresses, or write a smaller frames:",
            unit_format(UNIT_SIZE, p->frames_offset, size));
    return ERR_OK;
}

// A link has one program at each of its ends, and each has room for the other's frames.
static enum err_code check_frames(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const struct link_desc *link = &m->links[e->cpu.link];
    struct value on = mapping_get(e->where, "on");
    uint16_t board = e->members->board[0];
    if (link->board[0] != board && link->board[1] != board)
        return value_fail(on, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "link %s does not end at board %s; name a CPU of %s or %s", link->name,
                          m->boards[board].name, m->boards[link->board[0]].name,
                          m->boards[link->board[1]].name);
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        const struct cpu_desc *other = &m->cpus[i];
        if (other->kind != CPU_GENERATOR || other->pattern != PATTERN_FRAMES || other->link != e->cpu.link)
            continue;
        unsigned line = r->out->programs[r->out->program_of[i]].line;
        if (other->board == board)
            return value_fail(on, ERR_IMPOSSIBLE_MACHINE, r->err,
                              "the program of line %u is at this end of link %s already; an end has one",
                              line, link->name);
        if (other->size - buffer_bytes(other) < e->cpu.frame_bytes ||
            e->cpu.size - buffer_bytes(&e->cpu) < other->frame_bytes)
            return value_fail(
                mapping_get(e->where, "region"), ERR_IMPOSSIBLE_MACHINE, r->err,
                "the regions of this program and the one of line %u at the other end must hold their "
                "own frame and the other's; make them larger",
                line);
    }
    return ERR_OK;
}

enum err_code generator_check(struct reader *r, const struct entry *e)
{
    const struct traits *t = &patterns[e->cpu.pattern];
    uint32_t members = e->cpu.members;
    struct value on = mapping_get(e->where, "on");
    if (members < t->members_min || (t->even && members % 2 != 0))
        return value_fail(on, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "'%s' needs %s%" PRIu32 " CPUs, not %" PRIu32 "; list them in one entry", t->name,
                          t->even ? "an even number of at least " : "at least ", t->members_min, members);
    if (t->members_max && members > t->members_max)
        return value_fail(on, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "'%s' takes %" PRIu32 " of an entry's CPUs at most, not %" PRIu32
                          "; use several entries",
                          t->name, t->members_max, members);
    enum err_code code = check_size(r, e);
    if (!code && !e->pool.n_threads)
        code = check_place(r, e);
    return code || e->cpu.pattern != PATTERN_FRAMES ? code : check_frames(r, e);
}
