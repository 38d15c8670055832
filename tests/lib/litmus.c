// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/litmus.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cpu/script.h"
#include "proto/base/assert.h"

#define SHARED UINT32_MAX // before the first program

struct parser {
    struct litmus *litmus;
    const char *path;
    unsigned line;
    uint32_t program; // whose lines these are, or SHARED
    bool conditions;  // the programs are over
    struct err *err;
};

#define FAIL(p, ...)                                                                                         \
    (err_set((p)->err, ERR_SCRIPT, __VA_ARGS__), err_wrap((p)->err, "%s line %u", (p)->path, (p)->line))

static enum err_code observe(struct parser *p, unsigned program, unsigned number, uint32_t *index)
{
    struct litmus *litmus = p->litmus;
    for (*index = 0; *index < litmus->n_observed; ++*index)
        if (litmus->observed[*index].program == program && litmus->observed[*index].number == number)
            return ERR_OK;
    if (program >= litmus->n_programs || number >= SCRIPT_REGISTERS || litmus->n_observed == LITMUS_OBSERVED)
        return FAIL(p, "P%u:r%u is no register, or one more than %u", program, number, LITMUS_OBSERVED);
    litmus->observed[litmus->n_observed++] = (struct litmus_register){(uint8_t)program, (uint8_t)number};
    return ERR_OK;
}

// (P0:r0 == 1 && P1:r1 == 0)
static enum err_code read_condition(struct parser *p, const char *text, enum litmus_kind kind)
{
    struct litmus *litmus = p->litmus;
    if (litmus->n_conditions == LITMUS_CONDITIONS)
        return FAIL(p, "more than %u conditions", LITMUS_CONDITIONS);
    struct litmus_condition *condition = &litmus->conditions[litmus->n_conditions++];
    *condition = (struct litmus_condition){.kind = kind};
    const char *separator = "(";
    for (;;) {
        unsigned program, number;
        unsigned long long value;
        int used = 0;
        uint32_t index;
        if (strncmp(text, separator, strlen(separator)) != 0 ||
            sscanf(text + strlen(separator), " P%u:r%u == %llu %n", &program, &number, &value, &used) != 3)
            return FAIL(p, "'%s' is no condition; write (P0:r0 == 1 && P1:r1 == 0)", text);
        if (observe(p, program, number, &index))
            return p->err->code;
        condition->named |= 1u << index;
        condition->value[index] = value;
        text += strlen(separator) + (size_t)used;
        if (strcmp(text, ")") == 0)
            return ERR_OK;
        separator = "&&";
    }
}

static enum err_code begin_program(struct parser *p, const char *line)
{
    struct litmus *litmus = p->litmus;
    if (p->conditions || line[1] != (char)('0' + litmus->n_programs) || litmus->n_programs == LITMUS_PROGRAMS)
        return FAIL(p, "programs are P0 to P%u, in this order, before the conditions", LITMUS_PROGRAMS - 1);
    p->program = litmus->n_programs++;
    return ERR_OK;
}

// Every program gets as many lines as the file has, so that its errors name the file's; those of others are
// empty.
static void append_line(struct parser *p, const char *line, bool to_all)
{
    for (uint32_t i = 0; i < LITMUS_PROGRAMS; i++) {
        strcat(p->litmus->programs[i], to_all || p->program == i ? line : "");
        strcat(p->litmus->programs[i], "\n");
    }
}

// Length of the word that begins a condition, with its space; 0: the line is none.
static size_t condition_word(const char *line, enum litmus_kind *kind)
{
    static const char *const words[] = {
        [LITMUS_EXISTS] = "exists ", [LITMUS_FORBIDDEN] = "forbidden ", [LITMUS_RELAXED] = "relaxed "};
    for (unsigned i = 0; i < NP_ARRAY_LEN(words); i++)
        if (strncmp(line, words[i], strlen(words[i])) == 0) {
            *kind = (enum litmus_kind)i;
            return strlen(words[i]);
        }
    return 0;
}

static enum err_code read_line(struct parser *p, char *line)
{
    line[strcspn(line, "#\n")] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    for (size_t n = strlen(line); n && isspace((unsigned char)line[n - 1]); n--)
        line[n - 1] = '\0';
    bool begins = line[0] == 'P' && isdigit((unsigned char)line[1]) && strcmp(line + 2, ":") == 0;
    enum litmus_kind kind = LITMUS_EXISTS;
    size_t word = condition_word(line, &kind);
    append_line(p, begins || word ? "" : line, p->program == SHARED);
    if (begins)
        return begin_program(p, line);
    if (word) {
        p->conditions = true;
        return read_condition(p, line + word, kind);
    }
    return p->conditions && line[0] ? FAIL(p, "'%s' stands behind the conditions", line) : ERR_OK;
}

static enum err_code read_lines(struct parser *p, FILE *file)
{
    char line[256];
    size_t size = 0;
    while (fgets(line, sizeof line, file)) {
        p->line++;
        size += strlen(line) + 1;
        if (size >= SCRIPT_BYTES_MAX)
            return FAIL(p, "the file is longer than a script may be");
        if (read_line(p, line))
            return p->err->code;
    }
    if (p->litmus->n_programs == 0 || p->litmus->n_conditions == 0)
        return FAIL(p, "there is no program, or no condition");
    return ERR_OK;
}

enum err_code litmus_read(const char *path, struct litmus *litmus, struct err *err)
{
    struct parser p = {.litmus = litmus, .path = path, .program = SHARED, .err = err};
    *litmus = (struct litmus){0};
    FILE *file = fopen(path, "r");
    if (!file)
        return err_errno(err, ERR_FILE, "%s", path);
    for (unsigned i = 0; i < LITMUS_PROGRAMS; i++) {
        litmus->programs[i] = calloc(1, SCRIPT_BYTES_MAX);
        NP_ASSERT(litmus->programs[i]);
    }
    enum err_code code = read_lines(&p, file);
    fclose(file);
    if (code)
        litmus_free(litmus);
    return code;
}

void litmus_free(struct litmus *litmus)
{
    for (unsigned i = 0; i < LITMUS_PROGRAMS; i++)
        free(litmus->programs[i]);
    *litmus = (struct litmus){0};
}

bool litmus_meets(const struct litmus *litmus, const uint64_t *outcome, enum litmus_kind kind)
{
    for (uint32_t c = 0; c < litmus->n_conditions; c++) {
        const struct litmus_condition *condition = &litmus->conditions[c];
        bool meets = condition->kind == kind;
        for (uint32_t i = 0; i < litmus->n_observed; i++)
            meets &= !(condition->named >> i & 1) || condition->value[i] == outcome[i];
        if (meets)
            return true;
    }
    return false;
}
