// SPDX-License-Identifier: Apache-2.0
// All rows, and the way from an opcode to its row.
#include "node/isa/table.h"

#include <pthread.h>

#include "node/isa/families.h"
#include "proto/base/assert.h"

const struct row isa_rows[] = {
#define ROW(opcode, mnemonic, format, facility, cc, checks, function)                                        \
    {mnemonic, function, opcode, FORMAT_##format, F_##facility, cc, checks},
#include "node/isa/families.def"
#undef ROW
};
const unsigned isa_n_rows = sizeof isa_rows / sizeof isa_rows[0];

// Where the opcode of a format lies.
static const uint8_t opcode_place[FORMAT_COUNT] = {
#define FORMAT(name, opcode, syntax, ...) opcode,
#include "node/isa/formats.def"
#undef FORMAT
};

static const struct {
    uint8_t bit;
    uint8_t first; // enum architecture
} facilities[] = {
#define FACILITY(name, bit, level, text) {bit, level},
#include "node/isa/facilities.def"
#undef FACILITY
};

bool isa_has(enum architecture level, enum facility facility)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(facilities); i++)
        if (facilities[i].bit == facility)
            return level >= facilities[i].first;
    return false;
}

// By first byte: where the rest of the opcode lies; and by both: row + 1.
static struct {
    uint8_t place[256];
    uint16_t row[256][256];
} lookup;

static void build_lookup(void)
{
    for (unsigned i = 0; i < isa_n_rows; i++) {
        const struct row *row = &isa_rows[i];
        unsigned place = opcode_place[row->format];
        unsigned shift = place == 8 ? 0 : place == 12 ? 4 : 8;
        unsigned first = (unsigned)row->opcode >> shift, second = row->opcode & ((1u << shift) - 1);
        NP_ASSERT(first < 256 && lookup.row[first][second] == 0);
        NP_ASSERT(lookup.place[first] == 0 || lookup.place[first] == place);
        lookup.place[first] = (uint8_t)place;
        lookup.row[first][second] = (uint16_t)(i + 1);
    }
}

int isa_row(const uint8_t text[6])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_lookup);
    unsigned second = 0;
    switch (lookup.place[text[0]]) {
    case 12:
        second = text[1] & 15u;
        break;
    case 16:
        second = text[1];
        break;
    case 48:
        second = text[5];
        break;
    default:
        break;
    }
    return lookup.row[text[0]][second] - 1;
}
