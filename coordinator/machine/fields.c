// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/fields.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

#define KEYS_MAX    40 // rows of the longest table, and more
#define COMPARE_MAX 24 // longer words are not worth a suggestion

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

// Levenshtein's distance: insertions, deletions and changes of single characters.
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > COMPARE_MAX || m > COMPARE_MAX)
        return COMPARE_MAX;
    unsigned row[COMPARE_MAX + 1];
    for (unsigned j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[m];
}

const char *nearest(const char *text, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned best_distance = 1 + (unsigned)strlen(text) / 3;
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(text, names[i]);
        if (d <= best_distance && (!best || d < best_distance)) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}

enum err_code fail_not_one_of(struct value v, enum err_code code, struct err *err, const char *what,
                              const char *text, const char *const *names, size_t n)
{
    char list[ERR_TEXT_SIZE / 2] = "", q[QUOTED_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list - 1; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    const char *best = nearest(text, names, n);
    return value_fail(v, code, err, "%s %s is not known here; %s%s%sknown are: %s", what, quoted(text, q),
                      best ? "did you mean " : "", best ? best : "", best ? "? " : "", list);
}

static bool has_field(const struct field *fields, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return true;
    return false;
}

enum err_code fields_check_keys(struct value mapping, const struct field *fields, size_t n, struct err *err)
{
    if (!value_is_mapping(mapping))
        return value_fail(mapping, ERR_BAD_VALUE, err,
                          "must be a mapping that begins with a key such as '%s:'", fields[0].key);
    const char *names[KEYS_MAX];
    NP_ASSERT(n <= KEYS_MAX);
    for (size_t i = 0; i < n; i++)
        names[i] = fields[i].key;
    for (unsigned i = 0; i < value_length(mapping); i++) {
        struct value key = mapping_key_at(mapping, i);
        if (!has_field(fields, n, value_text(key)))
            return fail_not_one_of(key, ERR_UNKNOWN_KEY, err, "key", value_text(key), names, n);
    }
    return ERR_OK;
}

enum err_code fields_read(struct value mapping, const struct field *fields, size_t n, void *base,
                          struct err *err)
{
    enum err_code code = fields_check_keys(mapping, fields, n, err);
    for (size_t i = 0; i < n && !code; i++) {
        struct value v = mapping_get(mapping, fields[i].key);
        if (value_present(v))
            code = fields[i].read(&fields[i], v, (char *)base + fields[i].offset, err);
        else if (fields[i].presence == REQUIRED)
            code = value_fail(mapping, ERR_MISSING_KEY, err, "key '%s' is missing; add it", fields[i].key);
    }
    return code;
}

enum err_code read_number(const struct field *field, struct value v, void *target, struct err *err)
{
    char q[QUOTED_SIZE], low[UNIT_TEXT_SIZE], high[UNIT_TEXT_SIZE];
    const char *text = value_text(v);
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, err, "must be a single value, not a list or mapping");
    uint64_t number;
    const char *wrong = unit_parse(field->unit, text, &number);
    if (wrong)
        return value_fail(v, ERR_BAD_VALUE, err, "%s is %s", quoted(text, q), wrong);
    if (number < field->min || number > field->max)
        return value_fail(v, ERR_BAD_VALUE, err, "%s is out of range; write a value from %s to %s",
                          quoted(text, q), unit_format(field->unit, field->min, low),
                          unit_format(field->unit, field->max, high));
    if (field->multiple && number % field->multiple != 0)
        return value_fail(v, ERR_BAD_VALUE, err, "%s is not a multiple of %s; round it", quoted(text, q),
                          unit_format(field->unit, field->multiple, low));
    memcpy(target, &number, sizeof number);
    return ERR_OK;
}

enum err_code read_number32(const struct field *field, struct value v, void *target, struct err *err)
{
    uint64_t number;
    NP_ASSERT(field->max <= UINT32_MAX);
    enum err_code code = read_number(field, v, &number, err);
    if (!code)
        memcpy(target, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
    return code;
}

enum err_code check_name(struct value v, struct err *err)
{
    const char *text = value_text(v);
    char q[QUOTED_SIZE];
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, err, "must be a name, not a list or mapping");
    if (strlen(text) >= NAME_MAX_BYTES)
        return value_fail(v, ERR_LIMIT, err, "name %s is longer than %u characters", quoted(text, q),
                          NAME_MAX_BYTES - 1);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
    if (text[0] == '\0' || !strchr(letters, text[0]) || text[strspn(text, others)] != '\0')
        return value_fail(v, ERR_BAD_VALUE, err,
                          "name %s must begin with a letter and go on with letters, digits, '.', '-' or '_'",
                          quoted(text, q));
    return ERR_OK;
}

enum err_code read_name(const struct field *field, struct value v, void *target, struct err *err)
{
    (void)field;
    enum err_code code = check_name(v, err);
    if (!code)
        strcpy(target, value_text(v));
    return code;
}

enum err_code read_string(const struct field *field, struct value v, void *target, struct err *err)
{
    (void)field;
    const char *text = value_text(v);
    if (!text || text[0] == '\0')
        return value_fail(v, ERR_BAD_VALUE, err, "must be a text, not empty and not a list or mapping");
    if (strlen(text) >= PATH_MAX_BYTES)
        return value_fail(v, ERR_LIMIT, err, "the text is longer than %u bytes", PATH_MAX_BYTES - 1);
    strcpy(target, text);
    return ERR_OK;
}

enum err_code read_later(const struct field *field, struct value v, void *target, struct err *err)
{
    (void)field;
    (void)err;
    memcpy(target, &v, sizeof v);
    return ERR_OK;
}

enum err_code read_choice(struct value v, const char *what, const char *const *names, unsigned n,
                          unsigned *index, struct err *err)
{
    if (!value_present(v))
        return ERR_OK;
    if (!value_text(v))
        return value_fail(v, ERR_BAD_VALUE, err, "must be a %s such as %s", what, names[0]);
    for (unsigned i = 0; i < n; i++)
        if (value_is(v, names[i])) {
            *index = i;
            return ERR_OK;
        }
    return fail_not_one_of(v, ERR_BAD_VALUE, err, what, value_text(v), names, n);
}

// The words of YAML's booleans.
enum err_code read_switch(struct value v, bool *on, struct err *err)
{
    static const char *const words[] = {"off", "on", "no", "yes", "false", "true"};
    unsigned index = *on;
    enum err_code code = read_choice(v, "switch", words, NP_ARRAY_LEN(words), &index, err);
    *on = index % 2;
    return code;
}
