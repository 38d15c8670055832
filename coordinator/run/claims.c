// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/claims.h"

#include <string.h>

#include "coordinator/machine/units.h"

// One step of a path: a key of an object, or the element of a list that has this name.
static const json_t *step(const json_t *at, const char *word)
{
    size_t i;
    json_t *element;
    if (!json_is_array(at))
        return json_object_get(at, word);
    json_array_foreach(at, i, element)
    {
        const char *name = json_string_value(json_object_get(element, "name"));
        if (name && strcmp(name, word) == 0)
            return element;
    }
    return NULL;
}

static const json_t *find(const json_t *document, const char *path)
{
    char words[CLAIM_PATH_SIZE];
    char *rest = NULL;
    snprintf(words, sizeof words, "%s", path);
    const char *word = strtok_r(words, ".", &rest);
    const json_t *at = document;
    if (word && strcmp(word, "run") != 0)
        at = step(json_object_get(document, "partitions"), word);
    for (word = strtok_r(NULL, ".", &rest); word && at; word = strtok_r(NULL, ".", &rest))
        at = step(at, word);
    return at;
}

static bool number_of(const json_t *document, const char *text, double *number)
{
    uint64_t value;
    if (!unit_parse(UNIT_COUNT, text, &value) || !unit_parse(UNIT_TIME, text, &value)) {
        *number = (double)value;
        return true;
    }
    if (!unit_parse(UNIT_SHARE, text, &value)) {
        *number = (double)value / 1000;
        return true;
    }
    const json_t *found = find(document, text);
    *number = json_number_value(found);
    return json_is_number(found);
}

static bool compare(enum claim_relation relation, double actual, double expected)
{
    switch (relation) {
    case CLAIM_EQUALS:
        return actual == expected;
    case CLAIM_ABOVE:
        return actual > expected;
    case CLAIM_BELOW:
        return actual < expected;
    case CLAIM_LEAST:
        return actual >= expected;
    case CLAIM_MOST:
        return actual <= expected;
    case CLAIM_RELATION_COUNT:
        break;
    }
    return false;
}

static json_t *judge(const struct claim *claim, const json_t *document)
{
    double actual, operand;
    char times[UNIT_TEXT_SIZE];
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "says", claim->says, "value", claim->value,
                               "relation", claim_relation_key(claim->relation), "operand", claim->operand,
                               "times", unit_format(UNIT_SHARE, claim->permille, times));
    const char *missing = !number_of(document, claim->value, &actual)      ? claim->value
                          : !number_of(document, claim->operand, &operand) ? claim->operand
                                                                           : NULL;
    if (missing) {
        json_object_set_new(object, "why", json_sprintf("the results have no number at %s", missing));
        return object;
    }
    double expected = operand * (double)claim->permille / 1000;
    json_object_set_new(object, "actual", json_real(actual));
    json_object_set_new(object, "expected", json_real(expected));
    json_object_set_new(object, "holds", json_boolean(compare(claim->relation, actual, expected)));
    return object;
}

json_t *claims_judge(const struct scenario *scenario, const json_t *document)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < scenario->n_claims; i++)
        json_array_append_new(list, judge(&scenario->claims[i], document));
    return list;
}

// Times end in _ps; whatever is no time is shown as it is.
static const char *shown(const char *path, double number, char text[UNIT_TEXT_SIZE])
{
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, "_ps") == 0 && number >= 0)
        return unit_pretty_time((uint64_t)number, text);
    snprintf(text, UNIT_TEXT_SIZE, "%.10g", number);
    return text;
}

static const char *word_of(const json_t *claim)
{
    const char *key = json_string_value(json_object_get(claim, "relation"));
    for (unsigned i = 0; i < CLAIM_RELATION_COUNT; i++)
        if (strcmp(claim_relation_key((enum claim_relation)i), key) == 0)
            return claim_relation_text((enum claim_relation)i);
    return key;
}

// "NAME is 393.7 ns, above 213.1 ns"
static void describe(const json_t *claim, char *text, size_t size)
{
    char actual[UNIT_TEXT_SIZE], expected[UNIT_TEXT_SIZE];
    const char *value = json_string_value(json_object_get(claim, "value"));
    const char *why = json_string_value(json_object_get(claim, "why"));
    bool holds = json_is_true(json_object_get(claim, "holds"));
    if (why)
        snprintf(text, size, "%s", why);
    else
        snprintf(text, size, "%s is %s, %s%s %s", value,
                 shown(value, json_number_value(json_object_get(claim, "actual")), actual),
                 holds ? "" : "not ", word_of(claim),
                 shown(value, json_number_value(json_object_get(claim, "expected")), expected));
}

void claims_print(const json_t *document, FILE *out)
{
    const json_t *list = json_object_get(document, "claims");
    size_t i, held = 0;
    json_t *claim;
    json_array_foreach(list, i, claim) held += json_is_true(json_object_get(claim, "holds"));
    if (json_array_size(list) == 0)
        return;
    fprintf(out, "\nClaims: %zu of %zu hold\n", held, json_array_size(list));
    json_array_foreach(list, i, claim)
    {
        char text[2 * CLAIM_PATH_SIZE + 4 * UNIT_TEXT_SIZE];
        describe(claim, text, sizeof text);
        fprintf(out, "  %s %s\n        %s\n",
                json_is_true(json_object_get(claim, "holds")) ? "holds" : "FAILS",
                json_string_value(json_object_get(claim, "says")), text);
    }
}

enum err_code claims_check(const struct scenario *scenario, const json_t *document, struct err *err)
{
    const json_t *list = json_object_get(document, "claims");
    size_t i;
    json_t *claim;
    json_array_foreach(list, i, claim)
    {
        char text[2 * CLAIM_PATH_SIZE + 4 * UNIT_TEXT_SIZE];
        if (json_is_true(json_object_get(claim, "holds")))
            continue;
        describe(claim, text, sizeof text);
        return err_set(err, ERR_CLAIM, "%s:%u: '%.120s' does not hold: %s", scenario->file,
                       scenario->claims[i].line, scenario->claims[i].says, text);
    }
    return ERR_OK;
}
