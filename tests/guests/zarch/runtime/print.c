// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/print.h"

#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/memory.h"

struct conversion {
    bool left, is_long;
    char pad;
    unsigned width;
};

static void put(char c)
{
    struct cpu *me = this_cpu();
    if (c != '\n')
        me->line[me->line_length++] = c;
    if (c == '\n' || me->line_length == sizeof me->line) {
        console_write(me->line, me->line_length);
        me->line_length = 0;
    }
}

static void put_padded(const char *text, size_t length, const struct conversion *how)
{
    for (size_t n = length; !how->left && n < how->width; n++)
        put(how->pad);
    for (size_t n = 0; n < length; n++)
        put(text[n]);
    for (size_t n = length; how->left && n < how->width; n++)
        put(' ');
}

static void put_number(uint64_t value, unsigned base, bool negative, const struct conversion *how)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    if (negative)
        digits[--at] = '-';
    put_padded(digits + at, sizeof digits - at, how);
}

static const char *read_conversion(const char *format, struct conversion *how)
{
    *how = (struct conversion){.pad = ' '};
    for (; *format == '0' || *format == '-'; format++)
        if (*format == '0')
            how->pad = '0';
        else
            how->left = true;
    for (; *format >= '0' && *format <= '9'; format++)
        how->width = how->width * 10 + (unsigned)(*format - '0');
    for (; *format == 'l'; format++)
        how->is_long = true;
    return format;
}

void print_list(const char *format, va_list arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        struct conversion how;
        format = read_conversion(format + 1, &how);
        if (*format == 's') {
            const char *text = va_arg(arguments, const char *);
            put_padded(text, strlen(text), &how);
        } else if (*format == 'c') {
            char c = (char)va_arg(arguments, int);
            put_padded(&c, 1, &how);
        } else if (*format == 'd') {
            int64_t value = how.is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
            put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, &how);
        } else if (*format == 'u' || *format == 'x') {
            uint64_t value = how.is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            put_number(value, *format == 'u' ? 10 : 16, false, &how);
        } else {
            put(*format);
        }
    }
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
}
