// SPDX-License-Identifier: Apache-2.0
// How programs end: in a disabled wait, all other CPUs stopped. The address of the wait PSW says how it went,
// for qemu-system-s390x and numaplex alike: one that ends in 0xfff is a clean end.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_END_H
#define TESTS_GUESTS_ZARCH_RUNTIME_END_H

#include <stdint.h>

#define END_CLEAN  0x00fffu
#define END_FAILED 0xbad00u // plus the status
#define END_DEAD   0x0deadu // an interruption that nobody expected

// Stops all other CPUs and waits for ever at address. From any CPU.
_Noreturn void end_at(uint64_t address);

// Status 0 is a clean end; others (1 to 255) are failures.
_Noreturn void end(unsigned status);

// Prints why the program failed, and ends it with status 1.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Fails with the place and text of a condition that does not hold.
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fail("%s:%u: %s", __FILE_NAME__, __LINE__, #condition);                                          \
    } while (0)

#endif
