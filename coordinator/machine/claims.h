// SPDX-License-Identifier: Apache-2.0
// What a scenario claims of its results: the sentence of a lecture, and a comparison that shows it.
//
//     claims:
//       - {says: "the other board's memory is further away", value: SMP1.latency.home_remote.mean_ps,
//          above: SMP1.latency.home_local.mean_ps, times: 150%}
//
// `value` and the operand are paths into results.json, in which a list's element goes by its name (`run.` is
// the document, any other first word a partition); an operand may also be a number, a time or a share.
#ifndef NP_COORDINATOR_MACHINE_CLAIMS_H
#define NP_COORDINATOR_MACHINE_CLAIMS_H

#include <stdint.h>

#define CLAIMS_MAX      64u // of a scenario; a page of text makes about ten
#define CLAIM_SAYS_SIZE 256
#define CLAIM_PATH_SIZE 160

// X(enumerator, key, how it is said)
#define CLAIM_RELATIONS(X)                                                                                   \
    X(CLAIM_EQUALS, "equals", "equal to")                                                                    \
    X(CLAIM_ABOVE, "above", "above")                                                                         \
    X(CLAIM_BELOW, "below", "below")                                                                         \
    X(CLAIM_LEAST, "least", "at least")                                                                      \
    X(CLAIM_MOST, "most", "at most")

enum claim_relation {
#define X(name, key, text) name,
    CLAIM_RELATIONS(X)
#undef X
        CLAIM_RELATION_COUNT
};

const char *claim_relation_key(enum claim_relation relation);
const char *claim_relation_text(enum claim_relation relation);

struct claim {
    char says[CLAIM_SAYS_SIZE];
    char value[CLAIM_PATH_SIZE];
    char operand[CLAIM_PATH_SIZE];
    uint64_t permille; // of the operand; 1000 unless `times` is given
    enum claim_relation relation;
    unsigned line; // where it stands in the file
};

#endif
