// SPDX-License-Identifier: Apache-2.0
// The console, by the service-call processor (SCLP).
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_CONSOLE_H
#define TESTS_GUESTS_ZARCH_RUNTIME_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Opens the console: the ASCII one (VT220), or line mode if line_mode asks for it or nothing else is there.
// Without any, the program ends.
void console_open(bool line_mode);

// Writes one line, without its newline; length at most CONSOLE_COLUMNS. From any CPU with interruptions
// disabled; returns when the line is out.
void console_write(const char *text, size_t length);

// From now on lines that somebody types are taken; `changes`: and word that boards have come or gone.
void console_listen(bool changes);

// Any other command of the service-call processor: `bytes` behind the header of its block, in and out. From
// any CPU with interruptions disabled. Returns the response.
unsigned console_command(uint32_t what, void *block, size_t bytes);

// Takes the oldest line that has been typed, without its newline, NUL-terminated and cut to `size` bytes.
// Word of a change is an empty line. False: there is none. A service signal ends a wait when one comes.
bool console_read(char *line, size_t size);

// For the last words of a program: takes the console from whoever has it.
void console_break_lock(void);

#endif
