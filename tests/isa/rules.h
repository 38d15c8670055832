// SPDX-License-Identifier: Apache-2.0
// What is known of both machines beside the instruction table (rules.txt, which says how its lines are
// written): where QEMU is wrong, what it lacks, which exceptions instructions raise, and what no case can
// reach.
#ifndef NP_TESTS_ISA_RULES_H
#define NP_TESTS_ISA_RULES_H

#include <stdbool.h>

#include "proto/base/err.h"
#include "tests/isa/outcome.h"

enum rule_kind { RULE_KNOWN, RULE_KNOWN31, RULE_LACKS, RULE_RAISES, RULE_NEVER, RULE_KIND_COUNT };

#define RULE_ANY 0xffffu // as an end: whatever it is

struct rule {
    enum rule_kind kind;
    unsigned line; // in the file
    char mnemonics[400];
    unsigned differences;    // known: at most these differ
    unsigned qemu, numaplex; // known: outcome_program() of both, RULE_ANY, or 0: no program interruption
    unsigned cc;             // never: set of condition codes, as in the instruction table
    unsigned code;           // raises, never: program interruption code, data-exception code in the high byte
    unsigned long used;
};

#define RULES_MAX 512

struct rules {
    struct rule rules[RULES_MAX];
    unsigned n;
};

enum err_code rules_read(struct rules *rules, const char *path, struct err *err);

// Whether a rule names the mnemonic.
bool rule_names(const struct rule *rule, const char *mnemonic);

// Whether a difference is one of QEMU's known errors, in a case that begins in 64-bit mode or not; counts its
// use.
bool rules_excuse(struct rules *rules, const char *mnemonic, bool mode64, unsigned differences, unsigned qemu,
                  unsigned numaplex);

// Whether results of the mnemonic are not to be compared at all.
bool rules_lack(const struct rules *rules, const char *mnemonic);

#endif
