// SPDX-License-Identifier: Apache-2.0
// Reads what `s390x-linux-gnu-objdump -d` prints of programs: is every instruction in the table, or on the
// list of those that are left out for a reason, and do we write it as objdump does?
//
//     isa_listing < LISTING
//
// Vector instructions (first byte 0xe6 or 0xe7) are not looked at: the facility is absent.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/isa/table.h"
#include "proto/base/assert.h"

enum { LINE_SIZE = 512, SHOWN = 20, NAME_SIZE = 16 };

static struct {
    const char *name;
    unsigned long seen;
} absent[] = {
#define ABSENT(mnemonic, reason) {mnemonic, 0},
#include "node/isa/absent.def"
#undef ABSENT
};
static unsigned missing, differing;
static unsigned long instructions;
static bool row_seen[4096];

static bool is_absent(const char *mnemonic)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(absent); i++)
        if (strcmp(absent[i].name, mnemonic) == 0) {
            absent[i].seen++;
            return true;
        }
    return false;
}

// "  10:\teb 6f f0 30 00 24 \tstmg\t%r6,%r15,48(%r15)". Returns the number of bytes; 0: no instruction.
static unsigned parse(char *line, uint64_t *address, uint8_t text[6], char **written)
{
    char *colon = strchr(line, ':'), *end;
    if (!colon || colon[1] != '\t')
        return 0;
    *address = strtoull(line, NULL, 16);
    unsigned n = 0;
    char *at = colon + 2;
    for (; n < 6; n++) {
        unsigned long byte = strtoul(at, &end, 16);
        if (end != at + 2)
            break;
        text[n] = (uint8_t)byte;
        at = end + 1;
    }
    *written = strchr(at, '\t') ? strchr(at, '\t') + 1 : at;
    (*written)[strcspn(*written, "\n")] = '\0';
    char *symbol = strstr(*written, " <");
    if (symbol)
        *symbol = '\0';
    return **written == '.' ? 0 : n;
}

// Of programs objdump writes addresses without the 0x that it writes them with of plain bytes.
static bool same_text(const char *own, const char *written)
{
    for (; *own && *written; own++, written++) {
        if (own[0] == '0' && own[1] == 'x' && (written[0] != '0' || written[1] != 'x'))
            own += 2;
        if (*own != *written)
            return false;
    }
    return *own == *written;
}

static void look_at(uint64_t address, const uint8_t text[6], const char *written)
{
    char mnemonic[NAME_SIZE] = "", own[DISASSEMBLY_MAX];
    sscanf(written, "%15s", mnemonic);
    instructions++;
    int row = isa_row(text);
    if (row < 0) {
        if (!is_absent(mnemonic) && missing++ < SHOWN)
            printf("not in the table: %s\n", written);
        return;
    }
    row_seen[row] = true;
    isa_disassemble(text, address, own);
    if (!same_text(own, written) && differing++ < SHOWN)
        printf("written as \"%s\", by objdump as \"%s\"\n", own, written);
}

static unsigned rows_seen(void)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < isa_n_rows; i++)
        seen += row_seen[i];
    return seen;
}

int main(void)
{
    char line[LINE_SIZE], *written;
    uint64_t address;
    while (fgets(line, sizeof line, stdin)) {
        uint8_t text[6] = {0};
        unsigned n = parse(line, &address, text, &written);
        if (n && n == isa_length(text[0]) && text[0] != 0xe6 && text[0] != 0xe7)
            look_at(address, text, written);
    }
    printf("%lu instructions of %u rows; %u not in the table, %u written in another way\n", instructions,
           rows_seen(), missing, differing);
    for (unsigned i = 0; i < NP_ARRAY_LEN(absent); i++)
        if (absent[i].seen)
            printf("left out: %s, %lu times\n", absent[i].name, absent[i].seen);
    return instructions == 0 || missing || differing;
}
