// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/text.h"

#include <string.h>

#include "proto/base/assert.h"

static const char *const texts[][LANGUAGE_COUNT] = {
#define X(id, en, de) {en, de},
#include "coordinator/report/texts.def"
#undef X
};
_Static_assert(NP_ARRAY_LEN(texts) == TEXT_COUNT, "one row per text");

static const char *const codes[LANGUAGE_COUNT] = {[LANG_EN] = "en", [LANG_DE] = "de"};

const char *text_of(enum language language, enum text_id id)
{
    return texts[id][language];
}

const char *language_code(enum language language)
{
    return codes[language];
}

bool language_of_code(const char *code, enum language *language)
{
    for (unsigned i = 0; i < LANGUAGE_COUNT; i++)
        if (strcmp(codes[i], code) == 0) {
            *language = (enum language)i;
            return true;
        }
    return false;
}

// The argument that "{N}" at the start of `words` names, or NULL.
static const char *argument(const char *words, const char *const *args)
{
    if (!args || words[0] != '{' || words[1] < '0' || words[1] > '9' || words[2] != '}')
        return NULL;
    for (int i = 0; i <= words[1] - '0'; i++)
        if (!args[i])
            return NULL;
    return args[words[1] - '0'];
}

const char *text_fill(char *text, size_t size, const char *words, const char *const *args)
{
    size_t n = 0;
    while (*words && n + 1 < size) {
        const char *value = argument(words, args);
        if (!value) {
            text[n++] = *words++;
            continue;
        }
        size_t length = strnlen(value, size - 1 - n);
        memcpy(text + n, value, length);
        n += length;
        words += 3;
    }
    text[n] = '\0';
    return text;
}
