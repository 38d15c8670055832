// SPDX-License-Identifier: Apache-2.0
// Reading a script: one instruction a line, words and commas, and for every mistake the line and what to do.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node/cpu/script.h"

#define WORD_BYTES 64u
#define WORDS_MAX  8u
#define LINE_BYTES 256u

static const struct op_row {
    const char *word, *operands;
} ops[SCRIPT_OP_COUNT] = {
#define X(name, word, operands) [name] = {word, operands},
    SCRIPT_OPS(X)
#undef X
};

struct parser {
    struct script_text *text;
    unsigned line;
    uint32_t n_words, at;
    char words[WORDS_MAX][WORD_BYTES];
    uint32_t depth;
    uint32_t open[SCRIPT_DEPTH_MAX]; // loops without their end so far
    struct err *err;
};

#define FAIL(p, ...)                                                                                         \
    (err_set((p)->err, ERR_SCRIPT, __VA_ARGS__), err_wrap((p)->err, "script line %u", (p)->line))

// Cuts a line into words. Blanks and commas part them; == and != stand alone; ".." parts two times.
static enum err_code split(struct parser *p, const char *line, size_t length)
{
    p->n_words = p->at = 0;
    for (size_t i = 0; i < length && line[i] != '#';) {
        if (isspace((unsigned char)line[i]) || line[i] == ',') {
            i++;
            continue;
        }
        size_t start = i;
        bool compare = (line[i] == '=' || line[i] == '!') && i + 1 < length && line[i + 1] == '=';
        if (compare || strncmp(line + i, "..", 2) == 0)
            i += 2;
        else if (line[i] == '=')
            i++;
        else
            while (i < length && !isspace((unsigned char)line[i]) && !strchr(",#=!", line[i]) &&
                   strncmp(line + i, "..", 2) != 0)
                i++;
        if (i == start)
            return FAIL(p, "'%c' stands alone; write == or !=", line[i]);
        if (p->n_words == WORDS_MAX || i - start >= WORD_BYTES)
            return FAIL(p, "more words, or longer ones, than an instruction has; write one on a line");
        memcpy(p->words[p->n_words], line + start, i - start);
        p->words[p->n_words++][i - start] = '\0';
    }
    return ERR_OK;
}

static const char *take(struct parser *p)
{
    return p->at < p->n_words ? p->words[p->at++] : "";
}

static bool parse_number(const char *word, uint64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)word[0]))
        return false;
    *number = strtoull(word, &end, 0);
    return *end == '\0' && (*number != UINT64_MAX || strcmp(word, "18446744073709551615") == 0 ||
                            strcasecmp(word, "0xffffffffffffffff") == 0);
}

static bool parse_register(const char *word, uint64_t *number)
{
    return word[0] == 'r' && parse_number(word + 1, number) && *number < SCRIPT_REGISTERS &&
           strlen(word) == (*number < 10 ? 2 : 3);
}

static enum err_code read_register(struct parser *p, uint8_t *reg)
{
    const char *word = take(p);
    uint64_t number;
    if (!parse_register(word, &number))
        return FAIL(p, "'%s' is no register; write r0 to r%u", word, SCRIPT_REGISTERS - 1);
    *reg = (uint8_t)number;
    return ERR_OK;
}

static enum err_code read_value(struct parser *p, struct script_value *value)
{
    const char *word = take(p);
    value->is_register = parse_register(word, &value->number);
    if (!value->is_register && !parse_number(word, &value->number))
        return FAIL(p, "'%s' is neither a register nor a number; write r0 to r%u, 42 or 0x2a", word,
                    SCRIPT_REGISTERS - 1);
    return ERR_OK;
}

static const struct script_name *find_name(const struct script_text *text, const char *name)
{
    for (uint32_t i = 0; i < text->n_names; i++)
        if (strcmp(text->names[i].name, name) == 0)
            return &text->names[i];
    return NULL;
}

static enum err_code check_address(struct parser *p, uint64_t address)
{
    if (address % 8 || address >= SCRIPT_ADDRESS_MAX)
        return FAIL(p, "0x%llx is no address of a word; write a multiple of 8 below 2^52",
                    (unsigned long long)address);
    return ERR_OK;
}

static enum err_code read_address(struct parser *p, uint64_t *address)
{
    const char *word = take(p);
    const struct script_name *name = find_name(p->text, word);
    if (name) {
        *address = name->address;
        return ERR_OK;
    }
    if (!parse_number(word, address))
        return FAIL(p, "'%s' is no address; write a number, or name it first: let %s = 0x1000", word,
                    word[0] ? word : "x");
    return check_address(p, *address);
}

static enum err_code read_comparison(struct parser *p, bool *unequal)
{
    const char *word = take(p);
    *unequal = strcmp(word, "!=") == 0;
    if (!*unequal && strcmp(word, "==") != 0)
        return FAIL(p, "'%s' is no comparison; write == or !=", word);
    return ERR_OK;
}

static enum err_code read_time(struct parser *p, sim_time *time)
{
    static const struct {
        const char *unit;
        uint64_t ps;
    } units[] = {{"ps", 1}, {"ns", SIM_PS_PER_NS}, {"us", SIM_PS_PER_US}, {"ms", 1000 * SIM_PS_PER_US}};
    const char *word = take(p);
    bool counted = isdigit((unsigned char)word[0]);
    char *end = NULL;
    uint64_t number = counted ? strtoull(word, &end, 10) : 0;
    for (size_t i = 0; counted && i < NP_ARRAY_LEN(units); i++)
        if (strcmp(end, units[i].unit) == 0 && number <= SCRIPT_DELAY_MAX / units[i].ps) {
            *time = number * units[i].ps;
            return ERR_OK;
        }
    return FAIL(p, "'%s' is no time of at most a second; write a whole number with ps, ns, us or ms: 100ns",
                word);
}

static enum err_code read_times(struct parser *p, struct script_instruction *to)
{
    enum err_code code = read_time(p, &to->least);
    if (!code && strcmp(take(p), "..") != 0)
        code = FAIL(p, "a random delay lies between two times; write random-delay 0ns..50ns");
    if (!code)
        code = read_time(p, &to->most);
    if (!code && to->least > to->most)
        code = FAIL(p, "the least delay is above the most; exchange them");
    return code;
}

static enum err_code read_count(struct parser *p, uint64_t *count)
{
    const char *word = take(p);
    if (!parse_number(word, count) || *count < 1 || *count > SCRIPT_LOOP_MAX)
        return FAIL(p, "'%s' is no number of rounds; write 1 to %llu", word,
                    (unsigned long long)SCRIPT_LOOP_MAX);
    return ERR_OK;
}

static enum err_code read_operand(struct parser *p, char kind, struct script_instruction *to, bool second)
{
    switch (kind) {
    case 'd':
    case 'r':
        return read_register(p, &to->reg);
    case 'a':
        return read_address(p, &to->address);
    case 'v':
        return read_value(p, second ? &to->second : &to->value);
    case 'c':
        return read_comparison(p, &to->unequal);
    case 't': {
        enum err_code code = read_time(p, &to->least);
        to->most = to->least;
        return code;
    }
    case 'T':
        return read_times(p, to);
    default:
        return read_count(p, &to->count);
    }
}

static enum err_code read_let(struct parser *p)
{
    struct script_text *text = p->text;
    const char *name = take(p), *equals, *number;
    uint64_t address, reg;
    if (!isalpha((unsigned char)name[0]) || parse_register(name, &reg) || strlen(name) >= SCRIPT_NAME_BYTES)
        return FAIL(p, "'%s' cannot be the name of an address; write a letter first, at most %u in all", name,
                    SCRIPT_NAME_BYTES - 1);
    if (find_name(text, name))
        return FAIL(p, "'%s' has an address already; choose another name", name);
    if (text->n_names == SCRIPT_NAMES_MAX)
        return FAIL(p, "more than %u names; write some addresses as numbers", SCRIPT_NAMES_MAX);
    equals = take(p);
    number = take(p);
    if (strcmp(equals, "=") != 0 || !parse_number(number, &address))
        return FAIL(p, "a name is given with: let %s = 0x1000", name);
    enum err_code code = check_address(p, address);
    if (code)
        return code;
    struct script_name *to = &text->names[text->n_names++];
    memset(to, 0, sizeof *to);
    memcpy(to->name, name, strlen(name));
    to->address = address;
    return ERR_OK;
}

static enum err_code pair_loops(struct parser *p, uint32_t index, struct script_instruction *to)
{
    if (to->op == SCRIPT_LOOP) {
        if (p->depth == SCRIPT_DEPTH_MAX)
            return FAIL(p, "loops are nested more than %u deep; use fewer", SCRIPT_DEPTH_MAX);
        p->open[p->depth++] = index;
    } else if (to->op == SCRIPT_END) {
        if (p->depth == 0)
            return FAIL(p, "there is no loop to end here; remove it");
        to->partner = p->open[--p->depth];
        p->text->instructions[to->partner].partner = index;
    }
    return ERR_OK;
}

static enum err_code read_operands(struct parser *p, struct script_instruction *to)
{
    bool second = false;
    enum err_code code = ERR_OK;
    for (const char *kind = ops[to->op].operands; *kind && !code; kind++) {
        code = read_operand(p, *kind, to, second);
        second |= *kind == 'v';
    }
    return code;
}

static enum err_code read_instruction(struct parser *p)
{
    struct script_text *text = p->text;
    const char *word = take(p);
    if (strcmp(word, "let") == 0)
        return read_let(p);
    unsigned op = 0;
    while (op < SCRIPT_OP_COUNT && strcmp(word, ops[op].word) != 0)
        op++;
    if (op == SCRIPT_OP_COUNT)
        return FAIL(p,
                    "'%s' is no instruction; there are load store add swap cas fence wait compute "
                    "random-delay check set plus loop end let",
                    word);
    if (text->n == SCRIPT_INSTRUCTIONS_MAX)
        return FAIL(p, "more than %u instructions; use a loop", SCRIPT_INSTRUCTIONS_MAX);
    uint32_t index = text->n++;
    struct script_instruction *to = &text->instructions[index];
    *to = (struct script_instruction){.line = (uint16_t)p->line, .op = (uint8_t)op};
    enum err_code code = read_operands(p, to);
    return code ? code : pair_loops(p, index, to);
}

static enum err_code read_line(struct parser *p, const char *line, size_t length)
{
    enum err_code code = split(p, line, length);
    if (code || p->n_words == 0)
        return code;
    code = read_instruction(p);
    if (!code && p->at < p->n_words)
        code = FAIL(p, "'%s' is more than the instruction takes; remove it", p->words[p->at]);
    return code;
}

// A line holds at most one instruction.
static uint32_t capacity_for(const char *source)
{
    uint32_t lines = 1;
    for (; *source && lines < SCRIPT_INSTRUCTIONS_MAX; source++)
        lines += *source == '\n';
    return lines;
}

enum err_code script_parse(const char *source, unsigned first_line, struct script_text *text, struct err *err)
{
    struct parser p = {.text = text, .line = first_line, .err = err};
    enum err_code code = ERR_OK;
    text->n = 0;
    text->instructions = calloc(capacity_for(source), sizeof *text->instructions);
    NP_ASSERT(text->instructions);
    if (strlen(source) >= SCRIPT_BYTES_MAX)
        code = FAIL(&p, "the script is longer than %u bytes; make it shorter", SCRIPT_BYTES_MAX - 1);
    while (*source && !code) {
        size_t length = strcspn(source, "\n");
        code = read_line(&p, source, length);
        source += length + (source[length] == '\n');
        p.line++;
    }
    if (!code && p.depth) {
        p.line = text->instructions[p.open[p.depth - 1]].line;
        code = FAIL(&p, "this loop has no end; write end on a line of its own");
    }
    if (code)
        script_text_free(text);
    return code;
}

void script_text_free(struct script_text *text)
{
    free(text->instructions);
    text->instructions = NULL;
    text->n = 0;
}
