// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/figures.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/directory.h"
#include "proto/base/assert.h"

enum needed { NEVER, ALWAYS, WHEN_SPLIT, WHEN_CACHED };

static const struct field fields[FIGURE_COUNT] = {
#define X(name, key, unit, member, min, max, needed)                                                         \
    [name] = {key, NULL, offsetof(struct board_params, member), OPTIONAL, unit, min, max, 0},
    FIGURES(X)
#undef X
};

// What fields has no column for.
static const struct {
    size_t size; // of the member: 4 or 8 bytes
    enum needed needed;
} traits[FIGURE_COUNT] = {
#define X(name, key, unit, member, min, max, needed)                                                         \
    [name] = {sizeof((struct board_params *)0)->member, needed},
    FIGURES(X)
#undef X
};

const char *figure_key(enum figure figure)
{
    return fields[figure].key;
}

static uint64_t get(const struct board_params *params, enum figure figure)
{
    const char *at = (const char *)params + fields[figure].offset;
    uint64_t wide = 0;
    memcpy(&wide, at, traits[figure].size); // little-endian hosts only, as everywhere here
    return wide;
}

bool figure_applies(const struct board_params *params, enum figure figure)
{
    if (traits[figure].needed == WHEN_CACHED)
        return params->directory_entries != 0;
    return traits[figure].needed != WHEN_SPLIT || params->l1_split;
}

const char *figure_format(const struct board_params *params, enum figure figure, char text[UNIT_TEXT_SIZE])
{
    return unit_format(fields[figure].unit, get(params, figure), text);
}

struct figure_text {
    struct value value;
    char source[SOURCE_SIZE];
};

enum err_code read_source(const struct field *field, struct value v, void *target, struct err *err)
{
    (void)field;
    const char *text = value_text(v);
    if (!text || text[0] == '\0' || strlen(text) >= SOURCE_SIZE)
        return value_fail(v, ERR_BAD_VALUE, err,
                          "must be a text of 1 to %d bytes: where the figure comes from", SOURCE_SIZE - 1);
    strcpy(target, text);
    return ERR_OK;
}

static const struct field with_source[] = {
    {"value", read_later, offsetof(struct figure_text, value), REQUIRED, 0, 0, 0, 0},
    {"source", read_source, offsetof(struct figure_text, source), REQUIRED, 0, 0, 0, 0},
};

// Reads one figure in either of its two forms.
static enum err_code read_figure(const struct field *field, struct value v, size_t size, void *target,
                                 struct source *source, struct err *err)
{
    struct figure_text text = {.value = v};
    enum err_code code = ERR_OK;
    if (value_is_mapping(v))
        code = fields_read(v, with_source, NP_ARRAY_LEN(with_source), &text, err);
    if (!code)
        code = size == 4 ? read_number32(field, text.value, target, err)
                         : read_number(field, text.value, target, err);
    if (code)
        return code;
    // A file name may be longer than a source has room for; its end tells more than its beginning.
    const char *file = v.document->name;
    char origin[QUOTED_SIZE];
    value_origin(text.value, origin);
    size_t length = strlen(file), room = SOURCE_SIZE - 16 - strlen(origin);
    if (text.source[0])
        strcpy(source->text, text.source);
    else
        snprintf(source->text, sizeof source->text, "%.*s:%u%s", (int)room,
                 length > room ? file + length - room : file, value_line(v), origin);
    return ERR_OK;
}

enum err_code figures_read(struct value mapping, struct figures *figures, struct err *err)
{
    enum err_code code = fields_check_keys(mapping, fields, FIGURE_COUNT, err);
    for (unsigned i = 0; i < FIGURE_COUNT && !code; i++) {
        struct value v = mapping_get(mapping, fields[i].key);
        if (!value_present(v))
            continue;
        char *target = (char *)&figures->params + fields[i].offset;
        code = read_figure(&fields[i], v, traits[i].size, target, &figures->sources[i], err);
        uint64_t now = get(&figures->params, (enum figure)i);
        if (!code && fields[i].unit == UNIT_BANDWIDTH && now != 0 && now < BANDWIDTH_MIN)
            code = value_fail(v, ERR_BAD_VALUE, err, "below 1MB/s; write a faster one, or unlimited");
    }
    figures->params.l1_split = figures->params.l1i.bytes != 0;
    return code;
}

static const struct field system_fields[SYSTEM_FIGURE_COUNT] = {
#define X(name, key, unit, member, min, max)                                                                 \
    [name] = {key, NULL, offsetof(struct system_figures, member), OPTIONAL, unit, min, max, 0},
    SYSTEM_FIGURES(X)
#undef X
};

enum err_code system_figure_read(struct value v, enum system_figure figure, struct system_figures *figures,
                                 struct err *err)
{
    if (!value_present(v))
        return ERR_OK;
    const struct field *field = &system_fields[figure];
    return read_figure(field, v, sizeof(uint64_t), (char *)figures + field->offset, &figures->sources[figure],
                       err);
}

enum err_code crossbar_read(struct value crossbar, struct system_figures *figures, struct err *err)
{
    enum { CROSSBAR_FIGURES = SYSTEM_KEY_FIRST }; // all before it
    enum err_code code = fields_check_keys(crossbar, system_fields, CROSSBAR_FIGURES, err);
    for (unsigned i = 0; i < CROSSBAR_FIGURES && !code; i++) {
        struct value v = mapping_get(crossbar, system_fields[i].key);
        code = system_figure_read(v, (enum system_figure)i, figures, err);
    }
    return code;
}

bool system_figure_given(const struct system_figures *figures, enum system_figure figure)
{
    return figures->sources[figure].text[0];
}

const char *system_figure_key(enum system_figure figure)
{
    return system_fields[figure].key;
}

const char *system_figure_format(const struct system_figures *figures, enum system_figure figure,
                                 char text[UNIT_TEXT_SIZE])
{
    uint64_t value;
    memcpy(&value, (const char *)figures + system_fields[figure].offset, sizeof value);
    return unit_format(system_fields[figure].unit, value, text);
}

static enum err_code check_cache(const char *board, const char *name, const struct cache_geometry *cache,
                                 uint32_t line, struct value where, struct err *err)
{
    uint64_t way_bytes = (uint64_t)cache->ways * line;
    uint64_t sets = cache->bytes / way_bytes;
    if (cache->bytes % way_bytes == 0 && sets && (sets & (sets - 1)) == 0)
        return ERR_OK;
    uint64_t power = 1;
    while (power * 2 <= sets)
        power *= 2;
    char have[UNIT_TEXT_SIZE], less[UNIT_TEXT_SIZE];
    return value_fail(
        where, ERR_IMPOSSIBLE_MACHINE, err,
        "board %s: %s of %s with %u ways of %u-byte lines has no power of two of sets; write %s: %s or "
        "change %s_ways",
        board, name, unit_format(UNIT_SIZE, cache->bytes, have), cache->ways, line, name,
        unit_format(UNIT_SIZE, power * way_bytes, less), name);
}

static enum err_code check_inclusion(const struct board_params *p, const char *board, struct value where,
                                     struct err *err)
{
    uint64_t largest = p->l1i.bytes > p->l1.bytes ? p->l1i.bytes : p->l1.bytes;
    char l1[UNIT_TEXT_SIZE], l2[UNIT_TEXT_SIZE];
    if (p->l2.bytes >= largest)
        return ERR_OK;
    return value_fail(
        where, ERR_IMPOSSIBLE_MACHINE, err,
        "board %s: the board cache of %s is smaller than an L1 of %s, all of which it must include; "
        "write l2: %s or more",
        board, unit_format(UNIT_SIZE, p->l2.bytes, l2), unit_format(UNIT_SIZE, largest, l1), l1);
}

enum err_code figures_check(const struct figures *figures, const char *board, struct value where,
                            struct err *err)
{
    const struct board_params *p = &figures->params;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        bool needed = traits[i].needed != NEVER && figure_applies(p, (enum figure)i);
        if (needed && !figures->sources[i].text[0])
            return value_fail(where, ERR_MISSING_KEY, err,
                              "board %s: figure '%s' is missing; name a preset, or add it under board:",
                              board, fields[i].key);
    }
    if ((p->line_bytes & (p->line_bytes - 1)) != 0)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, err,
                          "board %s: a line of %u bytes is not a power of two; write line: 64", board,
                          p->line_bytes);
    if (p->memory_bytes % PAGE_BYTES != 0)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, err,
                          "board %s: memory is not a whole number of %u-byte pages; round it", board,
                          PAGE_BYTES);
    enum err_code code = check_cache(board, "l1", &p->l1, p->line_bytes, where, err);
    if (!code && p->l1_split)
        code = check_cache(board, "l1i", &p->l1i, p->line_bytes, where, err);
    if (!code)
        code = check_cache(board, "l2", &p->l2, p->line_bytes, where, err);
    if (!code)
        code = directory_check(p, board, where, err);
    return code ? code : check_inclusion(p, board, where, err);
}
