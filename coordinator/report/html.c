// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/html.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static int continuation(const char *text, int n)
{
    for (int i = 1; i <= n; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return n + 1;
}

// Bytes of the character at `text`; 0 when there is none of UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF), or one that no text should hold: controls but for tab and line feed.
static int character(const char *text)
{
    unsigned char a = (unsigned char)text[0], b = a ? (unsigned char)text[1] : 0;
    if (a < 0x20 || a == 0x7f)
        return a == '\t' || a == '\n';
    if (a < 0x80)
        return 1;
    if (a == 0xc2 && b < 0xa0)
        return 0; // the second set of controls
    if (a >= 0xc2 && a <= 0xdf)
        return continuation(text, 1);
    if (a == 0xe0 ? b < 0xa0 : a == 0xed && b > 0x9f)
        return 0;
    if (a >= 0xe0 && a <= 0xef)
        return continuation(text, 2);
    if (a == 0xf0 ? b < 0x90 : a == 0xf4 && b > 0x8f)
        return 0;
    return a >= 0xf0 && a <= 0xf4 ? continuation(text, 3) : 0;
}

// Writes `text` with the replacement that `form` has for each character of `special`.
static void escape(FILE *out, const char *text, const char *special, const char *const *form)
{
    while (*text) {
        const char *found = strchr(special, *text);
        int n = character(text);
        if (found)
            fputs(form[found - special], out);
        else if (n)
            fwrite(text, 1, (size_t)n, out);
        else
            fputs(REPLACEMENT, out);
        text += n ? n : 1;
    }
}

void html_text(FILE *out, const char *text)
{
    static const char *const form[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    if (text)
        escape(out, text, "<>&\"'", form);
}

void html_json_string(FILE *out, const char *text)
{
    static const char *const form[] = {"\\u003c", "\\u003e", "\\u0026", "\\\"", "\\\\", "\\n", "\\t"};
    fputc('"', out);
    if (text)
        escape(out, text, "<>&\"\\\n\t", form);
    fputc('"', out);
}

void html_json_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    else
        fputs("null", out);
}
