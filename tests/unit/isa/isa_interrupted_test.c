// SPDX-License-Identifier: Apache-2.0
// Interruptions and storage: an instruction is interrupted before it begins or not at all; an access that is
// refused is a machine check, or a check stop where machine checks are not allowed.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/big_endian.h"
#include "tests/lib/bare_program.h"
#include "tests/lib/probe.h"
#include "tests/lib/process.h"

enum {
    EXTERNAL_OLD = 0x130,
    EXTERNAL_NEW = 0x1b0,
    COUNTER = BARE_DATA,
    CONTROLS = BARE_DATA + 0x1000,
    ADDITIONS = 500,
    SVC_NEW = 0x1c0,
    MACHINE_NEW = 0x1e0,
    FAR = BARE_MEMORY / 2,     // board 1's; the map of board 0 loses it
    PSWS = BARE_DATA + 0x2000, // four new PSWs from that of the supervisor call on: a line
    NO_ADDRESS = 1,            // no machine check is taken
};
#define MASK_64      UINT64_C(0x0000000180000000)
#define MASK_MACHINE (MASK_64 | UINT64_C(0x0004000000000000))
#define MASK_WAIT    UINT64_C(0x0002000000000000)
#define DAMAGE       UINT64_C(0x40008000000f0000) // to instruction processing; storage error uncorrected

static char root[PATH_MAX_BYTES];
static struct bare_program program;
static struct bare_result found;

// Adds to the counter; every so often the CPU timer interrupts it. Returns where the other CPU begins, which
// adds as often and is left alone.
static uint64_t make_additions(unsigned timer)
{
    bare_begin(&program);
    put64(program.image + CONTROLS, 0x4e0); // CR0: the CPU timer
    put64(program.image + CONTROLS + 8, timer);
    bare_set(&program, 3, 1);
    bare_set(&program, 4, COUNTER);
    bare_set(&program, 5, ADDITIONS);
    bare_set(&program, 9, CONTROLS);
    bare_code(&program,
              "eb009000002f b2089008 ad019010"); // lctlg %c0,%c0,0(%r9); spt 8(%r9); stosm 16(%r9),1
    bare_code(&program, "eb23400000f8 a757fffd acfe9010"); // laa %r2,%r3,0(%r4); brctg %r5; stnsm 16(%r9),254
    bare_end(&program);
    bare_psw(&program, EXTERNAL_NEW, MASK_64, bare_entry(&program));
    bare_code(&program, "b2089008 41e0e001 b2b20130"); // spt 8(%r9); la %r14,1(%r14); lpswe 304
    uint64_t entry = bare_entry(&program);
    bare_set(&program, 3, 1);
    bare_set(&program, 4, COUNTER);
    bare_set(&program, 5, ADDITIONS);
    bare_code(&program, "eb23400000f8 a757fffd");
    bare_end(&program);
    return entry;
}

// An update that has been performed is not performed again because an interruption came before its CPU went
// on.
static void test_updates(void)
{
    static const struct bare_shape shapes[] = {
        {.boards = 2, .split = true, .level = ARCH_ZEC12},
        {.boards = 2, .store_buffer = 4, .level = ARCH_ZEC12},
        {.boards = 2, .large = true, .level = ARCH_ZEC12},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (unsigned timer = 1000; timer < 2000; timer += 333) { // 4096 are a microsecond
            bare_run(&program, &shapes[i], root, make_additions(timer), &found);
            CU_ASSERT(found.ended);
            CU_ASSERT_EQUAL(get32(found.memory + COUNTER), 2 * ADDITIONS);
            CU_ASSERT(found.cpu[0].gr[14] > 10); // interruptions
        }
}

static struct fault_desc fault = {.at = 2 * SIM_PS_PER_US, .board = 0, .segment = 1, .home = 0};

static const struct bare_shape damaged[] = {
    {.boards = 2, .split = true, .level = ARCH_ZEC12, .fault = &fault},
    {.boards = 2, .store_buffer = 4, .level = ARCH_ZEC12, .fault = &fault},
    {.boards = 2, .split = true, .store_buffer = 1, .level = ARCH_ZEC12, .fault = &fault},
};

struct damage {
    const char *name;
    const char *before, *code;                                     // before the fault and after it; r4 is FAR
    uint64_t svc_mask, svc_address, machine_mask, machine_address; // new PSWs; 0: the handler
    unsigned enabled, masked; // how the CPU ends when machine checks are enabled, and when they are not
    int64_t old;              // address in the old PSW less that of the code, or NO_ADDRESS
    int64_t unbuffered;       // 0, or the same without a store buffer
};

// Waits until the fault is there, then goes on with this mask. Returns the address of the code.
static uint64_t make_damage(const struct damage *damage, uint64_t mask)
{
    bare_begin(&program);
    bare_set(&program, 1, 0x00020001); // READ SCP INFO
    bare_set(&program, 4, FAR);
    bare_set(&program, 5, 2500);
    bare_set(&program, 6, PSWS);
    bare_set(&program, 9, CONTROLS);
    bare_code(&program, damage->before);
    bare_code(&program, "a7570000 b2b29000"); // brctg %r5,.; lpswe 0(%r9)
    uint64_t code = program.at;
    bare_psw(&program, CONTROLS, mask, code);
    bare_code(&program, damage->code);
    bare_end(&program);
    uint64_t handler = bare_entry(&program);
    bare_code(&program, "e3a001600004 e3b001680004 e3c000e80004"); // lg %r10,352; lg %r11,360; lg %r12,232
    bare_end(&program);
    uint64_t machine = damage->machine_address ? damage->machine_address : handler;
    bare_psw(&program, MACHINE_NEW, MASK_64 | damage->machine_mask, machine);
    bare_psw(&program, PSWS, MASK_64 | damage->svc_mask, damage->svc_address);
    bare_psw(&program, PSWS + MACHINE_NEW - SVC_NEW, MASK_64 | damage->machine_mask, machine);
    return code;
}

// Behind a store comes a serialisation, the next address at which a machine check can be taken.
#define STORE       "e31040000024 07f0"                      // stg %r1,0(%r4); bcr 15,0
#define LOWCORE     "e3a001e00004 e3a001600024 e3a000e80024" // lg %r10,480; stg to 352 and 232: these hit
#define PREFIX      "50409020 b2109020"    // st %r4,32(%r9); spx 32(%r9): storage that is lost
#define PREFIX_PSWS "d23f41c06000 " PREFIX // mvc 448(64,%r4),0(%r6): but for the new PSWs

static const struct damage damages[] = {
    {"load", "", "e31040000004", .enabled = GUEST_ENDED, .masked = GUEST_CHECK_STOP},
    {"update", "", "eb23400000f8", .enabled = GUEST_ENDED, .masked = GUEST_CHECK_STOP},
    {"fetch", "", "07f4", .enabled = GUEST_ENDED, .masked = GUEST_CHECK_STOP, .old = FAR},
    {"store", "", STORE, .enabled = GUEST_ENDED, .masked = GUEST_CHECK_STOP, .old = 6},
    {"two stores", LOWCORE, "e31040000024 e31040400024 07f0", .enabled = GUEST_ENDED,
     .masked = GUEST_CHECK_STOP, .old = 12, .unbuffered = 6},
    {"service", "e54440001000", "b2200014", .enabled = GUEST_ENDED, .masked = GUEST_CHECK_STOP, .old = 4},
    {"machine check without a PSW", PREFIX, "e31040000204", .enabled = GUEST_CHECK_STOP,
     .masked = GUEST_CHECK_STOP, .old = NO_ADDRESS},
    {"interruption without a PSW", PREFIX, "0a00", .enabled = GUEST_CHECK_STOP, .masked = GUEST_CHECK_STOP,
     .old = NO_ADDRESS},
    {"machine check leads to itself", "", "07f4", .machine_mask = MASK_MACHINE, .machine_address = FAR,
     .enabled = GUEST_CHECK_STOP, .masked = GUEST_CHECK_STOP, .old = NO_ADDRESS},
    {"in a wait", PREFIX_PSWS, "0a00", .svc_mask = MASK_WAIT | MASK_MACHINE, .svc_address = 0x1000,
     .enabled = GUEST_CHECK_STOP, .masked = GUEST_CHECK_STOP, .old = NO_ADDRESS},
    {"at the end", PREFIX_PSWS, "0a00", .svc_mask = MASK_WAIT, .svc_address = 0xfff, .enabled = GUEST_ENDED,
     .masked = GUEST_ENDED, .old = NO_ADDRESS},
};

static void check(const struct damage *damage, uint64_t code, bool enabled, bool buffered)
{
    const struct guest_cpu_results *cpu = &found.cpu[0];
    int64_t old = buffered || !damage->unbuffered ? damage->old : damage->unbuffered;
    CU_ASSERT(found.ended);
    CU_ASSERT_EQUAL(cpu->end, enabled ? damage->enabled : damage->masked);
    if (!enabled || old == NO_ADDRESS)
        return;
    CU_ASSERT_EQUAL(cpu->psw_address, 0xfff);
    CU_ASSERT_EQUAL(cpu->gr[10] & ~UINT64_C(0x0000300000000000), MASK_MACHINE);
    CU_ASSERT_EQUAL(cpu->gr[11], old == FAR ? FAR : code + (uint64_t)old);
    CU_ASSERT_EQUAL(cpu->gr[12], DAMAGE);
}

static void test_damage(void)
{
    static struct tiny_machine tiny;
    static struct probe probe;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0] * 2; i++) {
        uint64_t code = make_damage(&damages[i / 2], i % 2 ? MASK_MACHINE : MASK_64);
        unsigned failures = CU_get_number_of_failures();
        for (size_t s = 0; s < sizeof damaged / sizeof damaged[0]; s++) {
            bare_run(&program, &damaged[s], root, 0, &found);
            check(&damages[i / 2], code, i % 2, damaged[s].store_buffer);
            bare_machine(&program, &damaged[s], root, &tiny);
            CU_ASSERT(probe_run(&tiny.machine, NULL, SIM_NEVER, &probe));
            CU_ASSERT(probe.counters[CNT_BUS_ERRORS] > 0);
            CU_ASSERT(probe_same_everywhere(&tiny.machine, SIM_NEVER, &probe));
            if (i % 2)
                CU_ASSERT(probe_same_saved(&tiny.machine, probe.done_at - SIM_PS_PER_US / 4, probe.done_at,
                                           11 * SIM_PS_PER_NS, &probe));
        }
        if (CU_get_number_of_failures() > failures)
            printf("  %s, machine checks %s: end %u, r10-r12 %llx %llx %llx\n", damages[i / 2].name,
                   i % 2 ? "enabled" : "masked", found.cpu[0].end, (unsigned long long)found.cpu[0].gr[10],
                   (unsigned long long)found.cpu[0].gr[11], (unsigned long long)found.cpu[0].gr[12]);
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("interruptions and misses", NULL, NULL);
    CU_add_test(suite, "updates", test_updates);
    CU_add_test(suite, "damage", test_damage);
    test_folder_make(root);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
