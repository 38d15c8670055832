// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/axis.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "proto/base/assert.h"

static enum err_code push(struct axis *axis, const char *value, struct err *err)
{
    if (axis->n == AXIS_VALUES_MAX)
        return err_set(err, ERR_LIMIT, "--over %s: more than %u values; sweep a smaller range", axis->name,
                       AXIS_VALUES_MAX);
    if (axis_find(axis, value) < axis->n)
        return err_set(err, ERR_USAGE, "--over %s: the value %s is given twice", axis->name, value);
    axis->values = realloc(axis->values, (axis->n + 1) * sizeof *axis->values);
    NP_ASSERT(axis->values);
    snprintf(axis->values[axis->n++], SETTING_VALUE_SIZE, "%s", value);
    return ERR_OK;
}

struct range {
    uint64_t first, last, by;
    bool geometric;
    const char *unit;
};

// Reads digits. Returns what follows them, or NULL when there are none or too many.
static const char *number(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return isdigit((unsigned char)text[0]) && !errno ? end : NULL;
}

// "1..64*2", the text of one element, cut up in place. Returns NULL or what is wrong with it.
static const char *parse_range(char *text, struct range *range)
{
    char *dots = strstr(text, "..");
    char *step = strpbrk(dots, "*+");
    *range = (struct range){.by = 1, .geometric = step && *step == '*'};
    const char *rest = step ? number(step + 1, &range->by) : "";
    if (!rest || *rest || range->by < (range->geometric ? 2u : 1u))
        return "after '*' stands a factor of at least 2, after '+' a step of at least 1";
    if (step)
        *step = '\0';
    *dots = '\0';
    const char *unit = number(text, &range->first);
    range->unit = number(dots + 2, &range->last);
    if (!unit || !range->unit)
        return "a range is written FIRST..LAST in whole numbers, such as 1..32, 1..64*2 or 50ns..200ns+50";
    if (*unit && strcmp(unit, range->unit) != 0)
        return "both ends of a range have the same unit";
    if (range->first > range->last)
        return "a range goes upwards";
    if (range->geometric && range->first == 0)
        return "a range by factors cannot begin at 0";
    return NULL;
}

static enum err_code push_range(struct axis *axis, const struct range *range, struct err *err)
{
    for (uint64_t at = range->first; at <= range->last;) {
        char value[SETTING_VALUE_SIZE];
        snprintf(value, sizeof value, "%" PRIu64 "%.80s", at, range->unit);
        if (push(axis, value, err))
            return err->code;
        uint64_t next = range->geometric ? at * range->by : at + range->by;
        if (next <= at || (range->geometric && next / range->by != at))
            break; // beyond 64 bits
        at = next;
    }
    return ERR_OK;
}

static enum err_code push_element(struct axis *axis, char *element, struct err *err)
{
    char shown[SETTING_VALUE_SIZE];
    struct range range;
    snprintf(shown, sizeof shown, "%s", element);
    if (!element[0])
        return err_set(err, ERR_USAGE, "--over %s: a value is missing between two commas or at an end",
                       axis->name);
    if (!strstr(element, ".."))
        return push(axis, element, err);
    const char *wrong = parse_range(element, &range);
    return wrong ? err_set(err, ERR_USAGE, "--over %s=%s: %s", axis->name, shown, wrong)
                 : push_range(axis, &range, err);
}

enum err_code axis_parse(struct axis *axis, const char *text, struct err *err)
{
    *axis = (struct axis){0};
    const char *equals = strchr(text, '=');
    size_t name = equals ? (size_t)(equals - text) : 0;
    if (name == 0 || name >= sizeof axis->name)
        return err_set(err, ERR_USAGE,
                       "--over %.60s: write NAME=VALUES, such as cpus=1..32 or protocol=mesi,msi", text);
    memcpy(axis->name, text, name);
    char *copy = strdup(equals + 1);
    NP_ASSERT(copy);
    enum err_code code = ERR_OK;
    for (char *element = copy, *comma = copy; comma && !code; element = comma ? comma + 1 : element) {
        comma = strchr(element, ',');
        if (comma)
            *comma = '\0';
        if (strlen(element) >= SETTING_VALUE_SIZE)
            code = err_set(err, ERR_USAGE, "--over %s: a value has at most %d characters", axis->name,
                           SETTING_VALUE_SIZE - 1);
        else
            code = push_element(axis, element, err);
    }
    free(copy);
    if (code)
        axis_free(axis);
    return code;
}

void axis_free(struct axis *axis)
{
    free(axis->values);
    *axis = (struct axis){0};
}

uint32_t axis_find(const struct axis *axis, const char *value)
{
    uint32_t i = 0;
    while (i < axis->n && strcmp(axis->values[i], value) != 0)
        i++;
    return i;
}

void axis_prepend(struct axis *axis, const char *value)
{
    axis->values = realloc(axis->values, (axis->n + 1) * sizeof *axis->values);
    NP_ASSERT(axis->values);
    memmove(axis->values + 1, axis->values, axis->n++ * sizeof *axis->values);
    snprintf(axis->values[0], SETTING_VALUE_SIZE, "%s", value);
}

bool axis_number(const char *value, double *number)
{
    static const enum unit_kind kinds[] = {UNIT_COUNT,     UNIT_TIME,  UNIT_SIZE,
                                           UNIT_FREQUENCY, UNIT_SHARE, UNIT_BANDWIDTH};
    for (size_t i = 0; i < NP_ARRAY_LEN(kinds); i++) {
        uint64_t base;
        if (unit_parse(kinds[i], value, &base) == NULL) {
            *number = (double)base;
            return true;
        }
    }
    return false;
}
