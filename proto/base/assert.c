// SPDX-License-Identifier: Apache-2.0
#include "proto/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void np_assert_failed(const char *expr, const char *file, int line, const char *func)
{
    fprintf(stderr, "numaplex: internal error: %s:%d: %s: assertion '%s' does not hold\n", file, line, func,
            expr);
    abort();
}

_Noreturn void np_panic(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("numaplex: internal error: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
