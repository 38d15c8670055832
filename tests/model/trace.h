// SPDX-License-Identifier: Apache-2.0
// What one move did, in words, gathered while a chart is drawn.
#ifndef NP_TESTS_MODEL_TRACE_H
#define NP_TESTS_MODEL_TRACE_H

#include "tests/model/model.h"

#define TRACE_NOTES_MAX  48
#define TRACE_NOTE_BYTES 64

struct trace_note {
    uint8_t column; // board, or MODEL_HOME
    uint8_t line;
    char text[TRACE_NOTE_BYTES];
};

struct trace {
    unsigned n;
    struct trace_note note[TRACE_NOTES_MAX];
};

// Adds a note (printf form) when model->trace is set; else costs one test.
void trace_note(struct model *model, unsigned column, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define TRACE(model, ...)                                                                                    \
    do {                                                                                                     \
        if (__builtin_expect((model)->trace != NULL, 0))                                                     \
            trace_note((model), __VA_ARGS__);                                                                \
    } while (0)

#endif
