// SPDX-License-Identifier: Apache-2.0
#include "proto/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *id;
    int exit_class;
    const char *meaning;
} codes[] = {
#define X(name, id, exit_class, text) {id, exit_class, text},
    ERR_CODES(X)
#undef X
};

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, fmt);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return code;
}

enum err_code err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_INTERNAL;
    char whole[2 * ERR_TEXT_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(whole, ERR_TEXT_SIZE, fmt, args);
    va_end(args);
    size_t used = strlen(whole);
    snprintf(whole + used, sizeof whole - used, ": %s", err->text);
    whole[sizeof err->text - 1] = '\0';
    memcpy(err->text, whole, strlen(whole) + 1);
    return err->code;
}

enum err_code err_errno(struct err *err, enum err_code code, const char *fmt, ...)
{
    int number = errno;
    char what[ERR_TEXT_SIZE / 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (number == ENOSPC || number == EDQUOT)
        code = ERR_DISK_FULL;
    else if (number == ENOMEM)
        code = ERR_MEMORY;
    return err_set(err, code, "%s: %s", what, strerror(number));
}

void err_clear(struct err *err)
{
    err->code = ERR_OK;
    err->text[0] = '\0';
}

const char *err_id(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].id : codes[ERR_INTERNAL].id;
}

const char *err_meaning(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].meaning : codes[ERR_INTERNAL].meaning;
}

int err_exit_status(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].exit_class : EXIT_CLASS_INTERNAL;
}

enum err_code err_code_of_id(const char *id)
{
    for (int i = 0; i < ERR_CODE_COUNT; i++)
        if (strcmp(codes[i].id, id) == 0)
            return (enum err_code)i;
    return ERR_INTERNAL;
}

int err_report(const struct err *err)
{
    fprintf(stderr, "numaplex: error %s: %s\n", err_id(err->code), err->text);
    return err_exit_status(err->code);
}
