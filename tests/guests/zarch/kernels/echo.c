// SPDX-License-Identifier: Apache-2.0
// Somebody at the console: each line that is typed comes back with its number, until "quit". Between looks
// CPU 0 waits tick= microseconds, or for a service signal alone where that is 0.
#include <stdbool.h>
#include <stddef.h>

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/interrupt.h"
#include "tests/guests/zarch/runtime/print.h"

#define NEVER UINT64_MAX

static void set_clock_comparator(uint64_t value)
{
    __asm__ volatile("sckc %0" ::"Q"(value));
}

// The comparator asks for as long as its time is over.
static void external(struct interrupt_frame *frame)
{
    if (this_lowcore()->external_code != EXTERNAL_CLOCK_COMPARATOR) {
        interrupt_external_default(frame);
        return;
    }
    set_clock_comparator(NEVER);
    frame->old.mask &= ~(PSW_WAIT | PSW_EXTERNAL);
}

static void wait(uint64_t tick_us)
{
    if (tick_us)
        set_clock_comparator(clock_read() + tick_us * 4096);
    wait_for_external(CR0_SERVICE_SIGNAL | (tick_us ? CR0_CLOCK_COMPARATOR : 0));
}

static bool is_quit(const char *line)
{
    const char *quit = "quit";
    while (*quit && *line == *quit)
        line++, quit++;
    return *line == *quit;
}

int main(void)
{
    char line[256];
    uint64_t tick = argument_number("tick", 20);
    interrupt_set(INTERRUPT_EXTERNAL, external);
    set_clock_comparator(NEVER);
    console_listen(false);
    print("echo: listening\n");
    for (unsigned n = 1;;) {
        if (!console_read(line, sizeof line)) {
            wait(tick);
            continue;
        }
        print("%u: %s\n", n++, line);
        if (is_quit(line))
            return 0;
    }
}
