// SPDX-License-Identifier: Apache-2.0
// `memory:`, `permanent:` and `frames:` of a partition. Ranges are listed in ascending order, as the figures
// of the textbooks do; a base may be left out and then follows the range before.
#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "coordinator/machine/segments.h"
#include "proto/base/assert.h"

// Virtual pages get this part of the smallest board when programs need frames and `frames:` is absent.
#define FRAMES_DEFAULT_DIVISOR 4

struct range_text {
    struct value range, size, base, interleave, boards, offset;
};

#define LATER(key)                                                                                           \
    {                                                                                                        \
#key, read_later, offsetof(struct range_text, key), OPTIONAL, 0, 0, 0, 0                             \
    }
static const struct field fields[] = {
    LATER(range),      // FIRST-LAST, addresses as figures print them; instead of base and size
    LATER(size),       // required without range
    LATER(base),       // must be where the range before ends; that is the default
    LATER(interleave), // line, page, a size, or none; by default page, and none on a single board
    LATER(boards),     // in the order of interleaving; by default all of the partition that do not float
    LATER(offset),     // in each board's memory; by default the first that is free
};

static enum err_code read_size(struct reader *r, struct value v, uint64_t max, uint64_t multiple,
                               uint64_t *size)
{
    struct field row = {.unit = UNIT_SIZE, .max = max, .multiple = multiple};
    return read_number(&row, v, size, r->err);
}

// `v` is where the base was written.
static enum err_code check_base(struct reader *r, struct value v, const struct partition_desc *p,
                                uint64_t base)
{
    uint64_t expected = segments_end(p);
    char have[UNIT_TEXT_SIZE], end[UNIT_TEXT_SIZE], by[UNIT_TEXT_SIZE];
    if (base == expected)
        return ERR_OK;
    uint64_t difference = base > expected ? base - expected : expected - base;
    unit_format(UNIT_SIZE, base, have);
    unit_format(UNIT_SIZE, expected, end);
    unit_format(UNIT_SIZE, difference, by);
    if (p->n_segments == 0)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "the first range begins at %s; real addresses of a partition begin at 0", have);
    return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                      "the range begins at %s (0x%" PRIx64
                      ") but the one before ends at %s: %s of %s; ranges of a "
                      "partition are ascending and gap-free, write base: 0x%" PRIx64,
                      have, base, end, base > expected ? "a gap" : "an overlap", by, expected);
}

// Splits FIRST-LAST.
static enum err_code parse_ends(struct reader *r, struct value v, uint64_t *first, uint64_t *last)
{
    const char *text = value_text(v), *dash = text ? strchr(text, '-') : NULL;
    char from[UNIT_TEXT_SIZE], q[QUOTED_SIZE];
    bool fits = dash && (size_t)(dash - text) < sizeof from;
    if (fits)
        snprintf(from, sizeof from, "%.*s", (int)(dash - text), text);
    if (!fits || unit_parse(UNIT_SIZE, from, first) || unit_parse(UNIT_SIZE, dash + 1, last) ||
        *last < *first)
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "%s is no range of addresses; write first and last, as 0x40000000-0x7FFFFFFF",
                          quoted(text ? text : "", q));
    return ERR_OK;
}

static enum err_code read_ends(struct reader *r, const struct range_text *text,
                               const struct partition_desc *p, struct segment_desc *s)
{
    uint64_t first, last;
    struct value other = value_present(text->size) ? text->size : text->base;
    if (value_present(other))
        return value_fail(other, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "range: says where it begins and ends already; leave base: and size: out");
    enum err_code code = parse_ends(r, text->range, &first, &last);
    if (!code)
        code = check_base(r, text->range, p, first);
    if (code)
        return code;
    s->base = first;
    s->size = last - first + 1;
    if (last - first >= MEMORY_PER_BOARD_MAX * BOARDS_PER_SYSTEM_MAX)
        return value_fail(text->range, ERR_BAD_VALUE, r->err,
                          "the range is larger than any memory; write less");
    if (s->size % PAGE_BYTES != 0)
        return value_fail(text->range, ERR_BAD_VALUE, r->err,
                          "0x%" PRIx64 " bytes are no whole number of %u-byte pages; end it at 0x%" PRIX64,
                          s->size, PAGE_BYTES, first + (s->size | (PAGE_BYTES - 1)));
    return ERR_OK;
}

// Base and size of a range, in either of the two forms.
static enum err_code read_extent(struct reader *r, struct value v, const struct range_text *text,
                                 const struct partition_desc *p, struct segment_desc *s)
{
    static const struct field size = {
        .unit = UNIT_SIZE,
        .min = PAGE_BYTES,
        .max = MEMORY_PER_BOARD_MAX * BOARDS_PER_SYSTEM_MAX,
        .multiple = PAGE_BYTES,
    };
    if (value_present(text->range))
        return read_ends(r, text, p, s);
    if (!value_present(text->size))
        return value_fail(v, ERR_MISSING_KEY, r->err, "key 'size' is missing; add it, or range: FIRST-LAST");
    enum err_code code = read_number(&size, text->size, &s->size, r->err);
    s->base = segments_end(p);
    if (!code && value_present(text->base)) {
        code = read_size(r, text->base, UINT64_MAX, 0, &s->base);
        if (!code)
            code = check_base(r, text->base, p, s->base);
    }
    return code;
}

static enum err_code read_range_boards(struct reader *r, struct value v, struct value where,
                                       const struct partition_desc *p, struct segment_desc *s)
{
    const struct machine *m = &r->out->machine;
    if (!value_present(v)) {
        for (uint32_t i = 0; i < p->n_boards; i++)
            if (p->n_boards == 1 || !m->boards[p->boards[i]].floating)
                s->boards[s->n_boards++] = p->boards[i];
        return s->n_boards ? ERR_OK
                           : value_fail(where, ERR_MISSING_KEY, r->err,
                                        "all boards float; give each a range of its own, with boards:");
    }
    if (!value_is_list(v) || value_length(v) == 0)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a list of boards such as [SB0, SB1]");
    for (unsigned i = 0; i < value_length(v); i++) {
        uint32_t board = NO_INDEX;
        enum err_code code = read_board(r, list_at(v, i), &board);
        if (code)
            return code;
        if (m->boards[board].partition != (uint32_t)(p - m->partitions))
            return value_fail(list_at(v, i), ERR_IMPOSSIBLE_MACHINE, r->err,
                              "board %s is not in partition %s; a partition's memory lies on its own boards",
                              m->boards[board].name, p->name);
        if (m->boards[board].floating && value_length(v) > 1)
            return value_fail(list_at(v, i), ERR_IMPOSSIBLE_MACHINE, r->err,
                              "board %s floats and takes part in no interleave; give it a range of its own",
                              m->boards[board].name);
        for (uint32_t j = 0; j < s->n_boards; j++)
            if (s->boards[j] == board)
                return value_fail(list_at(v, i), ERR_IMPOSSIBLE_MACHINE, r->err,
                                  "board %s is listed twice; once is enough", m->boards[board].name);
        s->boards[s->n_boards++] = (uint16_t)board;
    }
    return ERR_OK;
}

static enum err_code read_interleave(struct reader *r, struct value v, uint32_t line, struct segment_desc *s)
{
    const char *text = value_text(v);
    char q[QUOTED_SIZE];
    s->granule = s->n_boards > 1 ? PAGE_BYTES : 0;
    if (!value_present(v) || (text && strcmp(text, "page") == 0 && s->n_boards > 1))
        return ERR_OK;
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be line, page, none or a size");
    if (strcmp(text, "none") == 0 && s->n_boards > 1)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "a contiguous range lies on one board, not on %" PRIu32
                          "; list one range per board",
                          s->n_boards);
    if (strcmp(text, "none") == 0 || strcmp(text, "page") == 0)
        return ERR_OK;
    if (strcmp(text, "line") == 0) {
        s->granule = s->n_boards > 1 ? line : 0;
        return ERR_OK;
    }
    enum err_code code = read_size(r, v, MEMORY_PER_BOARD_MAX, 0, &s->granule);
    if (code)
        return code;
    if (s->granule < line || (s->granule & (s->granule - 1)) != 0)
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "%s is not a power of two of at least a line (%" PRIu32
                          " bytes); write line, page, 1MiB, or none",
                          quoted(text, q), line);
    if (s->n_boards == 1)
        s->granule = 0; // the same addresses on the same board
    return ERR_OK;
}

static enum err_code check_whole_granules(struct reader *r, struct value v, const struct segment_desc *s)
{
    uint64_t unit = s->granule * s->n_boards;
    char have[UNIT_TEXT_SIZE], granule[UNIT_TEXT_SIZE], less[UNIT_TEXT_SIZE];
    while (unit && unit % PAGE_BYTES != 0)
        unit *= 2; // a multiple of both the granules and a page
    if (unit == 0 || s->size % unit == 0)
        return ERR_OK;
    return value_fail(
        v, ERR_IMPOSSIBLE_MACHINE, r->err,
        "%s cannot be dealt evenly to %" PRIu32 " boards in pieces of %s; write size: %s, or a multiple of "
        "%" PRIu64 " bytes",
        unit_format(UNIT_SIZE, s->size, have), s->n_boards, unit_format(UNIT_SIZE, s->granule, granule),
        unit_format(UNIT_SIZE, s->size > unit ? s->size / unit * unit : unit, less), unit);
}

static enum err_code read_offset(struct reader *r, struct value v, struct value where,
                                 const struct partition_desc *p, struct segment_desc *s)
{
    uint64_t next = segments_next_offset(p, s->boards, s->n_boards);
    char share[UNIT_TEXT_SIZE], offset[UNIT_TEXT_SIZE], limit[UNIT_TEXT_SIZE];
    s->offset = next;
    enum err_code code =
        value_present(v) ? read_size(r, v, MEMORY_PER_BOARD_MAX, PAGE_BYTES, &s->offset) : ERR_OK;
    if (code)
        return code;
    if (s->offset < next)
        return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "this memory is used by a range before; leave offset: out, or write %s or more",
                          unit_format(UNIT_SIZE, next, offset));
    for (uint32_t i = 0; i < s->n_boards; i++) {
        const struct board_desc *board = &r->out->machine.boards[s->boards[i]];
        uint64_t memory = board->params.memory_bytes;
        if (s->offset > memory || segment_share(s) > memory - s->offset)
            return value_fail(
                where, ERR_IMPOSSIBLE_MACHINE, r->err,
                "the range needs %s of each of its boards from %s on, but board %s has %s; make it "
                "smaller, or give the board more memory",
                unit_format(UNIT_SIZE, segment_share(s), share), unit_format(UNIT_SIZE, s->offset, offset),
                board->name, unit_format(UNIT_SIZE, memory, limit));
    }
    return ERR_OK;
}

static enum err_code read_range(struct reader *r, struct value v, struct partition_desc *p)
{
    struct range_text text = {0};
    if (p->n_segments == SEGMENTS_MAX)
        return value_fail(v, ERR_LIMIT, r->err, "more than %u ranges; interleave instead", SEGMENTS_MAX);
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, r->err);
    struct segment_desc *s = &p->segments[p->n_segments];
    *s = (struct segment_desc){0};
    if (!code)
        code = read_extent(r, v, &text, p, s);
    if (!code)
        code = read_range_boards(r, text.boards, v, p, s);
    if (!code)
        code = read_interleave(r, text.interleave, r->out->machine.boards[p->boards[0]].params.line_bytes, s);
    if (!code)
        code = check_whole_granules(r, v, s);
    if (!code)
        code = read_offset(r, text.offset, v, p, s);
    p->n_segments += !code;
    return code;
}

static bool needs_frames(struct value programs)
{
    for (unsigned i = 0; value_is_list(programs) && i < value_length(programs); i++)
        if (value_present(mapping_get(list_at(programs, i), "trace")) ||
            value_present(mapping_get(list_at(programs, i), "record")))
            return true;
    return false;
}

static bool has_threads(struct value programs)
{
    for (unsigned i = 0; value_is_list(programs) && i < value_length(programs); i++)
        if (value_present(mapping_get(list_at(programs, i), "threads")))
            return true;
    return false;
}

static enum err_code read_permanent(struct reader *r, const struct draft *draft, struct partition_desc *p)
{
    uint64_t memory = r->out->machine.boards[p->boards[0]].params.memory_bytes;
    return value_present(draft->permanent)
               ? read_size(r, draft->permanent, memory, PAGE_BYTES, &p->permanent_bytes)
               : ERR_OK;
}

// Whoever takes permanent memory over gives it its own first bytes, so it lies there from the beginning.
static enum err_code check_permanent(struct reader *r, const struct draft *draft,
                                     const struct partition_desc *p)
{
    const struct segment_desc *first = &p->segments[0];
    const char *lowest = r->out->machine.boards[p->boards[0]].name;
    if (p->permanent_bytes == 0 || (first->granule == 0 && first->boards[0] == p->boards[0] &&
                                    first->offset == 0 && first->size >= p->permanent_bytes))
        return ERR_OK;
    return value_fail(draft->memory, ERR_IMPOSSIBLE_MACHINE, r->err,
                      "permanent memory is the beginning of the lowest board's; let the first range be "
                      "{size: ..., boards: [%s]} and no smaller, or write memory: contiguous",
                      lowest);
}

// Frames begin at the same place on every board of a partition; the smallest board decides where. Without
// frames they begin where even the largest ends. What threads use is all in frames, so theirs are all that is
// not permanent.
static enum err_code read_frames(struct reader *r, const struct draft *draft, struct partition_desc *p)
{
    uint64_t least = UINT64_MAX, most = 0, frames = 0;
    char text[UNIT_TEXT_SIZE];
    for (uint32_t i = 0; i < p->n_boards; i++) {
        uint64_t bytes = r->out->machine.boards[p->boards[i]].params.memory_bytes;
        least = bytes < least ? bytes : least;
        most = bytes > most ? bytes : most;
    }
    if (value_present(draft->frames)) {
        enum err_code code = read_size(r, draft->frames, least, PAGE_BYTES, &frames);
        if (code)
            return code;
        if (frames && frames > least - p->permanent_bytes)
            return value_fail(draft->frames, ERR_IMPOSSIBLE_MACHINE, r->err,
                              "with permanent memory the frames do not fit into the smallest board; write "
                              "frames: %s or less",
                              unit_format(UNIT_SIZE, least - p->permanent_bytes, text));
    } else if (has_threads(draft->programs)) {
        frames = least - p->permanent_bytes;
    } else if (needs_frames(draft->programs)) {
        frames = least / FRAMES_DEFAULT_DIVISOR / PAGE_BYTES * PAGE_BYTES;
    }
    if (p->permanent_bytes > least)
        return value_fail(draft->permanent, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "more than the smallest board's memory of %s, which may have to take it over; "
                          "write less",
                          unit_format(UNIT_SIZE, least, text));
    p->frames_offset = frames ? least - frames : most;
    return ERR_OK;
}

static enum err_code check_frames(struct reader *r, const struct draft *draft, const struct partition_desc *p)
{
    char bytes[UNIT_TEXT_SIZE], offset[UNIT_TEXT_SIZE];
    for (uint32_t i = 0; i < p->n_boards; i++) {
        const struct board_desc *board = &r->out->machine.boards[p->boards[i]];
        uint64_t uncovered = segments_frames_uncovered(p, &r->out->machine, p->boards[i]);
        if (uncovered)
            return value_fail(
                draft->memory, ERR_IMPOSSIBLE_MACHINE, r->err,
                "the frames for virtual pages begin at %s of each board, but %s of board %s from there "
                "on lie in no range and have no address; let the ranges cover all of its memory",
                unit_format(UNIT_SIZE, p->frames_offset, offset), unit_format(UNIT_SIZE, uncovered, bytes),
                board->name);
    }
    return ERR_OK;
}

// Without ranges, memory is interleaved, but contiguous where boards are meant to go: on Sun's machines,
// which interleave within a board for that reason, and with threads or permanent memory.
static enum err_code default_map(struct reader *r, const struct draft *draft, struct partition_desc *p)
{
    const struct machine *m = &r->out->machine;
    bool contiguous =
        m->systems[p->system].family == FAMILY_SUN || p->permanent_bytes || has_threads(draft->programs);
    if (value_is(draft->memory, "contiguous") || value_is(draft->memory, "interleaved"))
        contiguous = value_is(draft->memory, "contiguous");
    else if (value_present(draft->memory))
        return value_fail(draft->memory, ERR_BAD_VALUE, r->err,
                          "must be contiguous, interleaved, or a list of ranges such as {size: 1GiB, "
                          "boards: [SB0]}");
    segments_default(p, m, contiguous);
    return ERR_OK;
}

enum err_code memory_read(struct reader *r, uint32_t partition)
{
    struct partition_desc *p = &r->out->machine.partitions[partition];
    const struct draft *draft = &r->drafts[partition];
    enum err_code code = read_permanent(r, draft, p);
    if (!code)
        code = read_frames(r, draft, p);
    bool ranges = value_is_list(draft->memory) && value_length(draft->memory) > 0;
    if (!code && !ranges)
        code = default_map(r, draft, p);
    for (unsigned i = 0; ranges && i < value_length(draft->memory) && !code; i++)
        code = read_range(r, list_at(draft->memory, i), p);
    if (!code)
        code = check_permanent(r, draft, p);
    return code ? code : check_frames(r, draft, p);
}
