// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/published.h"

#include <string.h>

#include "proto/base/assert.h"

static const struct {
    const char *key;
    enum unit_kind unit;
    const char *text;
} measures[MEASURE_COUNT] = {
#define X(name, key, unit, what) [name] = {key, unit, what},
    MEASURES(X)
#undef X
};

static const char *const uses[USE_COUNT] = {"fitted", "held-out", "unverified"};

const char *measure_key(enum measure measure)
{
    return measures[measure].key;
}

enum unit_kind measure_unit(enum measure measure)
{
    return measures[measure].unit;
}

const char *measure_text(enum measure measure)
{
    return measures[measure].text;
}

const char *published_use_text(enum published_use use)
{
    return uses[use];
}

struct published_text {
    struct value measure, value, to, use;
    uint64_t boards;
    struct source source;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct published_text, key), presence, 0, 0, 0, 0                         \
    }
static const struct field fields[] = {
    LATER(measure, REQUIRED),
    {"boards", read_number, offsetof(struct published_text, boards), OPTIONAL, UNIT_COUNT, 1,
     BOARDS_PER_SYSTEM_MAX, 0},
    LATER(value, REQUIRED),
    LATER(to, OPTIONAL), // the upper end of a range that begins at value
    LATER(use, REQUIRED),
    {"source", read_source, offsetof(struct published_text, source), REQUIRED, 0, 0, 0, 0},
};

static enum err_code read_measure(struct value v, enum measure *measure, struct err *err)
{
    const char *names[MEASURE_COUNT], *text = value_text(v);
    for (unsigned i = 0; i < MEASURE_COUNT; i++) {
        names[i] = measures[i].key;
        *measure = (enum measure)i;
        if (text && strcmp(text, names[i]) == 0)
            return ERR_OK;
    }
    return fail_not_one_of(v, ERR_BAD_VALUE, err, "measure", text ? text : "", names, MEASURE_COUNT);
}

static enum err_code read_use(struct value v, enum published_use *use, struct err *err)
{
    const char *text = value_text(v);
    for (unsigned i = 0; i < USE_COUNT; i++) {
        *use = (enum published_use)i;
        if (text && strcmp(text, uses[i]) == 0)
            return ERR_OK;
    }
    return fail_not_one_of(v, ERR_BAD_VALUE, err, "use", text ? text : "", uses, USE_COUNT);
}

static enum err_code read_range(const struct published_text *text, struct published *item, struct err *err)
{
    struct field row = {.unit = measure_unit(item->measure), .min = 1, .max = UINT64_MAX};
    enum err_code code = read_number(&row, text->value, &item->low, err);
    item->high = item->low;
    if (code || !value_present(text->to))
        return code;
    row.min = item->low;
    return read_number(&row, text->to, &item->high, err);
}

static enum err_code read_item(struct value v, struct published *item, struct err *err)
{
    struct published_text text = {0};
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, err);
    if (!code)
        code = read_measure(text.measure, &item->measure, err);
    if (!code)
        code = read_use(text.use, &item->use, err);
    if (!code)
        code = read_range(&text, item, err);
    item->boards = (uint32_t)text.boards;
    item->source = text.source;
    if (!code && (item->measure == MEASURE_INTERLEAVED) != (item->boards != 0))
        code = value_fail(v, item->boards ? ERR_UNKNOWN_KEY : ERR_MISSING_KEY, err,
                          "'boards:' says over how many boards memory is interleaved; write it with measure: "
                          "interleaved, and only there");
    return code;
}

enum err_code published_read(struct value list, struct published_list *published, struct err *err)
{
    if (!value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, err,
                          "must be a list of published values, each with '- measure:'");
    if (value_length(list) > PUBLISHED_MAX)
        return value_fail(list, ERR_LIMIT, err, "more than %d published values; remove some", PUBLISHED_MAX);
    enum err_code code = ERR_OK;
    published->n = value_length(list);
    for (unsigned i = 0; i < published->n && !code; i++)
        code = read_item(list_at(list, i), &published->items[i], err);
    return code;
}
