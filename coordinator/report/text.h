// SPDX-License-Identifier: Apache-2.0
// The words of all pages, in one table (texts.def): each with an English and a German form.
#ifndef NP_COORDINATOR_REPORT_TEXT_H
#define NP_COORDINATOR_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum language { LANG_EN, LANG_DE, LANGUAGE_COUNT };

enum text_id {
#define X(id, en, de) id,
#include "coordinator/report/texts.def"
#undef X
    TEXT_COUNT
};

// The words of `id`, UTF-8. "{0}" to "{9}" in them stand for arguments: see page_paragraph and text_fill.
const char *text_of(enum language language, enum text_id id);

// "en" or "de".
const char *language_code(enum language language);

// The language of a code; false when it is not known.
bool language_of_code(const char *code, enum language *language);

// Writes `words` with "{N}" replaced by args[N] into text of `size` bytes; cut, never overrun. `args` ends
// with NULL, or is NULL: none. A placeholder without an argument stays as it is. Returns `text`.
const char *text_fill(char *text, size_t size, const char *words, const char *const *args);

// Arguments for text_fill and the functions of page.h.
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
