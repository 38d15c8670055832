// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/end.h"

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/print.h"

#include <stdarg.h>

// One that has been given back is not operational.
static void stop(unsigned cpu)
{
    uint32_t status = 0;
    unsigned cc = sigp(cpu, SIGP_STOP, 0, NULL);
    while (cc != SIGP_NOT_OPERATIONAL && (cc != SIGP_STATUS_STORED || !(status & SIGP_STATUS_STOPPED)))
        cc = sigp(cpu, SIGP_SENSE, 0, &status);
}

_Noreturn void end_at(uint64_t address)
{
    static bool ending; // by one CPU; a second one waits until the first has stopped it
    while (__atomic_exchange_n(&ending, true, __ATOMIC_SEQ_CST))
        continue;
    for (unsigned i = 0; i < CPUS_MAX; i++)
        if (cpus[i] && cpus[i] != this_cpu())
            stop(i);
    struct psw psw = {PSW_WAIT | PSW_64BIT, address};
    for (;;)
        __asm__ volatile("lpswe %0" ::"Q"(psw));
}

_Noreturn void end(unsigned status)
{
    const char *unread = argument_unread();
    if (status == 0 && unread)
        fail("nobody asked for the argument %s", unread);
    end_at(status == 0 ? END_CLEAN : END_FAILED + status % 256);
}

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print("FAILED: ");
    print_list(format, arguments);
    print("\n");
    va_end(arguments);
    end_at(END_FAILED + 1);
}
