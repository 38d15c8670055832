// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/interrupt.h"

#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/print.h"

void restart_entry(void), external_entry(void), svc_entry(void);
void program_entry(void), machine_entry(void), io_entry(void);
void interrupt_handle(unsigned class, struct interrupt_frame *frame);

static interrupt_handler *handlers[INTERRUPT_CLASSES];

void interrupt_set(unsigned class, interrupt_handler *handler)
{
    handlers[class] = handler;
}

void interrupt_prepare(struct lowcore *lowcore)
{
    static void (*const entries[INTERRUPT_CLASSES])(void) = {
        [INTERRUPT_RESTART] = restart_entry, [INTERRUPT_EXTERNAL] = external_entry,
        [INTERRUPT_SVC] = svc_entry,         [INTERRUPT_PROGRAM] = program_entry,
        [INTERRUPT_MACHINE] = machine_entry, [INTERRUPT_IO] = io_entry,
    };
    for (unsigned i = 0; i < INTERRUPT_CLASSES; i++)
        lowcore->new_psw[i] = (struct psw){PSW_64BIT, (uintptr_t)entries[i]};
}

static unsigned code_of(unsigned class)
{
    volatile struct lowcore *lowcore = this_lowcore();
    switch (class) {
    case INTERRUPT_EXTERNAL:
        return lowcore->external_code;
    case INTERRUPT_SVC:
        return lowcore->svc_code;
    case INTERRUPT_PROGRAM:
        return lowcore->program_code;
    default:
        return 0;
    }
}

static unsigned length_of(unsigned class)
{
    return class == INTERRUPT_PROGRAM ? this_lowcore()->program_ilc
           : class == INTERRUPT_SVC   ? this_lowcore()->svc_ilc
                                      : 0;
}

_Noreturn static void die(unsigned class, const struct interrupt_frame *frame)
{
    static const char *const names[INTERRUPT_CLASSES] = {
        "restart", "external interruption", "SVC", "program check", "machine check", "I/O interruption"};
    static unsigned deaths; // one that happens while this prints ends at once
    if (__atomic_fetch_add(&deaths, 1, __ATOMIC_SEQ_CST) > 0)
        end_at(END_DEAD);
    console_break_lock();
    print("\n%s %04x, ILC %u, PSW %016lx %016lx, CPU %u\n", names[class], code_of(class), length_of(class),
          frame->old.mask, frame->old.address, this_cpu()->address);
    for (unsigned i = 0; i < 16; i += 4)
        print("r%-2u %016lx %016lx %016lx %016lx\n", i, frame->gpr[i], frame->gpr[i + 1], frame->gpr[i + 2],
              frame->gpr[i + 3]);
    end_at(END_DEAD);
}

void interrupt_external_default(struct interrupt_frame *frame)
{
    struct cpu *me = this_cpu();
    switch (this_lowcore()->external_code) {
    case EXTERNAL_SERVICE_SIGNAL:
        me->service_signals++;
        break;
    case EXTERNAL_EMERGENCY_SIGNAL:
        me->emergency_signals++;
        break;
    case EXTERNAL_EXTERNAL_CALL:
        me->external_calls++;
        break;
    default:
        die(INTERRUPT_EXTERNAL, frame);
    }
    frame->old.mask &= ~(PSW_WAIT | PSW_EXTERNAL);
}

// Called by start.S.
void interrupt_handle(unsigned class, struct interrupt_frame *frame)
{
    struct cpu *me = this_cpu();
    if (handlers[class]) {
        handlers[class](frame);
    } else if (class == INTERRUPT_EXTERNAL) {
        interrupt_external_default(frame);
    } else if (class == INTERRUPT_PROGRAM && me->resume_at) {
        frame->old.address = me->resume_at;
        me->resume_at = 0;
    } else {
        die(class, frame);
    }
}
