// SPDX-License-Identifier: Apache-2.0
// How rules about a description are written: as sentences about what is wrong, because a sentence is what the
// caller prints. For functions that return NULL when all is well.
#ifndef NP_PROTO_BASE_RULES_H
#define NP_PROTO_BASE_RULES_H

// Leaves the calling function with `sentence` unless `condition` holds.
#define RULE(condition, sentence)                                                                            \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return (sentence);                                                                               \
    } while (0)

// Leaves the calling function with the sentence of a sub-check that failed.
#define CHECK(expression)                                                                                    \
    do {                                                                                                     \
        const char *sentence_ = expression;                                                                  \
        if (sentence_)                                                                                       \
            return sentence_;                                                                                \
    } while (0)

#endif
