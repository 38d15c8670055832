// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/claims.h"

#include <string.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

static const struct {
    const char *key, *text;
} relations[CLAIM_RELATION_COUNT] = {
#define X(name, key, text) [name] = {key, text},
    CLAIM_RELATIONS(X)
#undef X
};

const char *claim_relation_key(enum claim_relation relation)
{
    return relations[relation].key;
}

const char *claim_relation_text(enum claim_relation relation)
{
    return relations[relation].text;
}

struct claim_text {
    struct value says, value, operand[CLAIM_RELATION_COUNT];
    uint64_t permille;
};

#define OPERAND(relation, key)                                                                               \
    {                                                                                                        \
        key, read_later, offsetof(struct claim_text, operand[relation]), OPTIONAL, 0, 0, 0, 0                \
    }
static const struct field fields[] = {
    {"says", read_later, offsetof(struct claim_text, says), REQUIRED, 0, 0, 0, 0},
    {"value", read_later, offsetof(struct claim_text, value), REQUIRED, 0, 0, 0, 0},
    OPERAND(CLAIM_EQUALS, "equals"),
    OPERAND(CLAIM_ABOVE, "above"),
    OPERAND(CLAIM_BELOW, "below"),
    OPERAND(CLAIM_LEAST, "least"),
    OPERAND(CLAIM_MOST, "most"),
    {"times", read_number, offsetof(struct claim_text, permille), OPTIONAL, UNIT_SHARE, 1, 1000000, 0},
};

static enum err_code copy_text(struct reader *r, struct value v, char *to, size_t size)
{
    const char *text = value_text(v);
    if (!text || text[0] == '\0' || strlen(text) >= size)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a text of 1 to %zu bytes", size - 1);
    strcpy(to, text);
    return ERR_OK;
}

// The first word of a path must be `run` or a partition: what is misspelt shows now, not after the run.
static enum err_code check_path(struct reader *r, struct value v, const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const struct machine *m = &r->out->machine;
    const char *names[PARTITIONS_MAX + 1] = {"run"};
    char first[NAME_MAX_BYTES];
    size_t length = strcspn(path, ".");
    if (path[strspn(path, allowed)])
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be a path such as SMP1.accesses, or a number");
    for (uint32_t i = 0; i < m->n_partitions; i++)
        names[i + 1] = m->partitions[i].name;
    for (uint32_t i = 0; i <= m->n_partitions; i++)
        if (strlen(names[i]) == length && strncmp(names[i], path, length) == 0 && path[length] == '.')
            return ERR_OK;
    snprintf(first, sizeof first, "%.*s", (int)length, path);
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, "first word of a path", first, names,
                           m->n_partitions + 1);
}

// A number of any kind is no path.
static bool is_number(const char *text)
{
    uint64_t value;
    return !unit_parse(UNIT_COUNT, text, &value) || !unit_parse(UNIT_TIME, text, &value) ||
           !unit_parse(UNIT_SHARE, text, &value);
}

static enum err_code read_operand(struct reader *r, struct value v, const struct claim_text *text,
                                  struct claim *claim)
{
    unsigned given = 0;
    for (unsigned i = 0; i < CLAIM_RELATION_COUNT; i++)
        if (value_present(text->operand[i])) {
            claim->relation = (enum claim_relation)i;
            given++;
        }
    if (given != 1)
        return value_fail(v, given ? ERR_IMPOSSIBLE_MACHINE : ERR_MISSING_KEY, r->err,
                          "a claim needs exactly one of equals, above, below, least, most");
    struct value operand = text->operand[claim->relation];
    enum err_code code = copy_text(r, operand, claim->operand, sizeof claim->operand);
    return code || is_number(claim->operand) ? code : check_path(r, operand, claim->operand);
}

static enum err_code read_claim(struct reader *r, struct value v)
{
    struct claim_text text = {.permille = 1000};
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, r->err);
    if (code)
        return code;
    struct claim *claim = PUSH(r->out->claims, r->out->n_claims);
    claim->permille = text.permille;
    claim->line = value_line(v);
    code = copy_text(r, text.says, claim->says, sizeof claim->says);
    if (!code)
        code = copy_text(r, text.value, claim->value, sizeof claim->value);
    if (!code)
        code = check_path(r, text.value, claim->value);
    return code ? code : read_operand(r, v, &text, claim);
}

enum err_code claims_read(struct reader *r, struct value list)
{
    enum err_code code = ERR_OK;
    if (value_present(list) && !value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of claims, each with '- says:'");
    if (value_length(list) > CLAIMS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u claims; remove some", CLAIMS_MAX);
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_claim(r, list_at(list, i));
    return code;
}
