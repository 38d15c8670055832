// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/tally.h"

#include <stdlib.h>

#include "tests/isa/outcome.h"

bool tally_add(struct tally *tally, unsigned insn, unsigned differences, unsigned qemu, unsigned numaplex)
{
    for (unsigned i = 0; i < tally->n; i++) {
        struct tally_row *row = &tally->rows[i];
        if (row->insn == insn && row->differences == differences && row->qemu == qemu &&
            row->numaplex == numaplex) {
            row->cases++;
            return false;
        }
    }
    if (tally->n < TALLY_MAX)
        tally->rows[tally->n++] = (struct tally_row){insn, differences, qemu, numaplex, 1};
    return true;
}

static int by_cases(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    if (x->cases != y->cases)
        return x->cases < y->cases ? 1 : -1;
    return x->insn < y->insn ? -1 : x->insn > y->insn;
}

static void print_program(FILE *out, unsigned end)
{
    if (!end)
        fputs("-", out);
    else if (end >> 8)
        fprintf(out, "%x.%02x", end & 0xff, end >> 8);
    else
        fprintf(out, "%x", end);
}

void tally_print(FILE *out, struct tally *tally, const struct isa_insns *insns)
{
    qsort(tally->rows, tally->n, sizeof tally->rows[0], by_cases);
    for (unsigned i = 0; i < tally->n; i++) {
        const struct tally_row *row = &tally->rows[i];
        fprintf(out, "%8lu x %-8s qemu ", row->cases, insns->rows[row->insn].row->mnemonic);
        print_program(out, row->qemu);
        fputs(" numaplex ", out);
        print_program(out, row->numaplex);
        fputs(": ", out);
        differences_print(out, row->differences);
        fputc('\n', out);
    }
}
