// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/coverage.h"

#include <string.h>

static void set_end(uint64_t *ends, unsigned end)
{
    ends[end / 64] |= UINT64_C(1) << end % 64;
}

static bool has_end(const uint64_t *ends, unsigned end)
{
    return ends[end / 64] >> end % 64 & 1;
}

void coverage_note(struct coverage_row *row, const struct outcome *outcome)
{
    unsigned program = outcome_program(outcome);
    row->cases++;
    set_end(row->ends, program & 0xff);
    if ((program & 0xff) == 7)
        set_end(row->ends, 256 + (program >> 8));
    if (!program)
        row->cc |= 8u >> outcome_cc(outcome);
}

// An operand in storage can lie outside of it.
static bool addresses_storage(const struct isa_insn *insn)
{
    bool base = operand_first(&insn->format) < insn->format.n;
    return base && insn->operands != OPERANDS_VALUE && insn->operands != OPERANDS_MONITOR &&
           insn->operands != OPERANDS_BRANCH && insn->operands != OPERANDS_PROBLEM_ONLY &&
           insn->operands != OPERANDS_INFORMATION;
}

static void possible_ends(const struct isa_insn *insn, const struct rules *rules, uint64_t *ends)
{
    unsigned checks = insn->row->checks;
    if (checks & PRIV)
        set_end(ends, 2);
    if (addresses_storage(insn))
        set_end(ends, 5);
    if (checks & (EVEN1 | EVEN2 | EVEN3 | FPAIR1 | FPAIR2 | FPAIR3))
        set_end(ends, 6);
    if (checks & BFP)
        set_end(ends, 256 + 2);
    if (checks & (FREG1 | FREG2 | FREG3))
        set_end(ends, 256 + 1);
    for (unsigned i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->rules[i];
        unsigned end = rule->code >> 8 ? 256 + (rule->code >> 8) : rule->code;
        if ((rule->kind == RULE_RAISES || rule->kind == RULE_NEVER) && !rule->cc &&
            rule_names(rule, insn->row->mnemonic)) {
            if (rule->kind == RULE_RAISES)
                set_end(ends, end);
            else
                ends[end / 64] &= ~(UINT64_C(1) << end % 64);
        }
    }
}

static unsigned possible_cc(const struct isa_insn *insn, const struct rules *rules)
{
    unsigned cc = insn->row->cc == CC_LOADED ? 15 : insn->row->cc;
    for (unsigned i = 0; i < rules->n; i++)
        if (rules->rules[i].kind == RULE_NEVER && rule_names(&rules->rules[i], insn->row->mnemonic))
            cc &= ~rules->rules[i].cc;
    return cc;
}

// Condition codes of a set that are in `which`; a dot for each other.
static void print_cc(FILE *out, unsigned set, unsigned which)
{
    for (unsigned cc = 0; cc < 4; cc++)
        if (set & 8u >> cc)
            fputc(which & 8u >> cc ? (int)('0' + cc) : '.', out);
}

static void print_ends(FILE *out, const struct coverage_row *row, const uint64_t *possible)
{
    for (unsigned end = 1; end < COVERAGE_ENDS; end++) {
        bool seen = has_end(row->ends, end);
        if (!seen && !has_end(possible, end))
            continue;
        fprintf(out, end < 256 ? " %s%x" : " %s7.%02x", seen ? "" : "-", end < 256 ? end : end - 256);
    }
}

static bool reached(const struct coverage_row *row, unsigned cc, const uint64_t *possible)
{
    for (unsigned i = 0; i < COVERAGE_ENDS / 64; i++)
        if (possible[i] & ~row->ends[i])
            return false;
    return !(cc & ~row->cc);
}

unsigned coverage_print(FILE *out, const struct coverage *coverage, const struct isa_insns *insns,
                        const struct rules *rules, unsigned long floor, bool complete, bool all)
{
    unsigned missed = 0;
    if (all)
        fprintf(out, "%-8s %8s %8s %-4s  %s\n", "", "cases", "excused", "cc",
                "exceptions; with - before: not reached");
    for (unsigned i = 0; i < insns->n; i++) {
        const struct isa_insn *insn = &insns->rows[i];
        const struct coverage_row *row = &coverage->rows[i];
        uint64_t possible[COVERAGE_ENDS / 64] = {0};
        bool lacks = rules_lack(rules, insn->row->mnemonic);
        unsigned cc = possible_cc(insn, rules);
        possible_ends(insn, rules, possible);
        bool misses = !lacks && (row->cases < floor || (complete && !reached(row, cc, possible)));
        missed += misses;
        if (!all && !misses)
            continue;
        fprintf(out, "%-8s %8lu %8lu ", insn->row->mnemonic, row->cases, row->excused);
        print_cc(out, cc, row->cc);
        fprintf(out, "%*s ", 5 - __builtin_popcount(cc), "");
        print_ends(out, row, possible);
        fputs(lacks ? "  not compared\n" : misses ? "  MISSED\n" : "\n", out);
    }
    return missed;
}
