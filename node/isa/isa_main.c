// SPDX-License-Identifier: Apache-2.0
// numaplex isa [MNEMONIC...] [--architecture LEVEL] [--absent]: the instruction table as people read it.
#include "node/isa/isa_main.h"

#include <argp.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/isa/table.h"
#include "proto/base/assert.h"
#include "proto/base/err.h"
#include "proto/base/guest.h"

enum { OPTION_ABSENT = 1, PATTERNS_MAX = 64 };

static const struct argp_option options[] = {
    {"architecture", 'a', "LEVEL", 0, "Only what CPUs of this level have: z900 z990 z9 z10 z196 zec12", 0},
    {"absent", OPTION_ABSENT, NULL, 0, "List what is left out, with the reasons, instead", 0},
    {0}};

struct wish {
    enum architecture level;
    bool absent;
    unsigned n;
    const char *patterns[PATTERNS_MAX]; // as in the shell
};

static const char *const formats[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) #name,
#include "node/isa/formats.def"
#undef FORMAT
};
static const char *const syntaxes[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) syntax,
#include "node/isa/formats.def"
#undef FORMAT
};

static const struct {
    enum facility bit;
    const char *name;
} facilities[] = {
#define FACILITY(name, bit, level, text) {F_##name, #name},
#include "node/isa/facilities.def"
#undef FACILITY
};

static const struct {
    const char *mnemonic, *reason;
} absent[] = {
#define ABSENT(mnemonic, reason) {mnemonic, reason},
#include "node/isa/absent.def"
#undef ABSENT
};

static void set_level(struct wish *wish, const char *name, struct argp_state *state)
{
    for (unsigned i = 0; i < ARCHITECTURE_COUNT; i++)
        if (strcmp(architecture_names[i], name) == 0) {
            wish->level = (enum architecture)i;
            return;
        }
    argp_error(state, "no level is called '%s'; there are z900 z990 z9 z10 z196 zec12", name);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;
    switch (key) {
    case 'a':
        set_level(wish, arg, state);
        return 0;
    case OPTION_ABSENT:
        wish->absent = true;
        return 0;
    case ARGP_KEY_ARG:
        if (wish->n == PATTERNS_MAX)
            argp_error(state, "more than %d mnemonics", PATTERNS_MAX);
        wish->patterns[wish->n++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool wanted(const struct wish *wish, const char *mnemonic)
{
    bool found = wish->n == 0;
    for (unsigned i = 0; i < wish->n; i++)
        found |= fnmatch(wish->patterns[i], mnemonic, 0) == 0;
    return found;
}

static const char *facility_name(unsigned bit)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(facilities); i++)
        if (facilities[i].bit == bit)
            return facilities[i].name;
    return "?";
}

// The condition codes that it can set, such as "0123"; "-": it leaves the code alone.
static void write_cc(unsigned rule, char text[8])
{
    unsigned n = 0;
    for (unsigned code = 0; code < 4; code++)
        if (rule & 8u >> code)
            text[n++] = (char)('0' + code);
    text[n] = '\0';
    if (n == 0)
        snprintf(text, 8, "%s", rule == CC_LOADED ? "loaded" : "-");
}

static void print_row(const struct row *row)
{
    char cc[8];
    write_cc(row->cc, cc);
    printf("%-8s %-6x %-10s %-16s %-7s %-7s%s\n", row->mnemonic, row->opcode, formats[row->format],
           syntaxes[row->format], facility_name(row->facility), cc, row->checks & PRIV ? " privileged" : "");
}

static int by_mnemonic(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    return strcmp((*x)->mnemonic, (*y)->mnemonic);
}

static unsigned print_table(const struct wish *wish)
{
    const struct row **list = calloc(isa_n_rows, sizeof *list);
    unsigned n = 0;
    NP_ASSERT(list);
    for (unsigned i = 0; i < isa_n_rows; i++)
        if (wanted(wish, isa_rows[i].mnemonic) && isa_has(wish->level, (enum facility)isa_rows[i].facility))
            list[n++] = &isa_rows[i];
    qsort(list, n, sizeof *list, by_mnemonic);
    if (n)
        printf("mnemonic opcode format     operands         facility cc\n");
    for (unsigned i = 0; i < n; i++)
        print_row(list[i]);
    if (n)
        printf("%u instructions at level %s\n", n, architecture_names[wish->level]);
    free(list);
    return n;
}

static unsigned print_absent(const struct wish *wish)
{
    unsigned n = 0;
    for (unsigned i = 0; i < NP_ARRAY_LEN(absent); i++)
        if (wanted(wish, absent[i].mnemonic)) {
            printf("%-8s %s\n", absent[i].mnemonic, absent[i].reason);
            n++;
        }
    return n;
}

int isa_main(int argc, char **argv)
{
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "[MNEMONIC...]",
                              .doc = "Prints the table of z/Architecture instructions that CPUs execute. "
                                     "MNEMONIC may be a pattern, such as 'cs*'."};
    struct wish wish = {.level = ARCHITECTURE_COUNT - 1};
    static char name[] = "numaplex isa";
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &wish))
        return EXIT_CLASS_USAGE;
    if ((wish.absent ? print_absent(&wish) : print_table(&wish)) > 0)
        return 0;
    fprintf(stderr,
            "numaplex isa: no instruction has such a name; numaplex isa --absent lists what is left out\n");
    return EXIT_CLASS_USAGE;
}
