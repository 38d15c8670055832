// SPDX-License-Identifier: Apache-2.0
// One guest image on numaplex and on qemu-system-s390x: does it leave the same behind?
//
//     guest-compare [--alone] CPUS BOARDS IMAGE [ARGUMENT...]
//
// Consoles must be equal but for lines that begin with "time:", and both ends clean. Of one CPU on one board
// registers and memory must be equal too; such guests get the argument `clock=off` and read no clock.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/limits.h"
#include "tests/guests/compare/qemu.h"
#include "tests/guests/compare/simulated.h"

enum { SECONDS = 120, SHOWN = 10, QEMU_TRIES = 3 };

// The console as it is compared: no carriage returns, no lines that begin with "time:". In place.
static void strip(char *text)
{
    char *to = text;
    while (*text) {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        if (strncmp(text, "time:", 5) != 0)
            for (size_t i = 0; i < length; i++)
                if (text[i] != '\r')
                    *to++ = text[i];
        text += length;
    }
    *to = '\0';
}

static unsigned compare_consoles(struct case_outcome *ours, struct case_outcome *theirs)
{
    strip(ours->console);
    strip(theirs->console);
    if (strcmp(ours->console, theirs->console) == 0 && ours->console[0])
        return 0;
    printf("consoles differ or are empty.\n--- numaplex\n%s--- QEMU\n%s---\n", ours->console,
           theirs->console);
    return 1;
}

static unsigned compare_word(const char *name, unsigned number, uint64_t ours, uint64_t theirs)
{
    if (ours == theirs)
        return 0;
    printf("%s%u: numaplex %016" PRIx64 ", QEMU %016" PRIx64 "\n", name, number, ours, theirs);
    return 1;
}

static unsigned compare_registers(const struct case_outcome *ours, const struct case_outcome *theirs)
{
    unsigned differences = compare_word("PSW word ", 0, ours->psw_mask, theirs->psw_mask) +
                           compare_word("PSW word ", 1, ours->psw_address, theirs->psw_address);
    for (unsigned i = 0; i < 16; i++) {
        differences += compare_word("GR", i, ours->gr[i], theirs->gr[i]);
        differences += compare_word("FPR", i, ours->fpr[i], theirs->fpr[i]);
        differences += compare_word("CR", i, ours->cr[i], theirs->cr[i]);
    }
    return differences;
}

// What machines may fill in differently: the loader's own fields in the first page (0 to 0x80 and 0xb8 to
// 0x118 are of the initial program load), and what QEMU keeps of its firmware in the last four megabytes.
static bool compared(uint64_t address)
{
    if (address < 0x1000)
        return address >= 0x120 && address < 0x200;
    return address < GUEST_MEMORY - (UINT64_C(4) << 20);
}

static unsigned compare_memory(const struct case_outcome *ours, const struct case_outcome *theirs)
{
    unsigned differences = 0;
    for (uint64_t at = 0; at < GUEST_MEMORY; at += 8) {
        if (!compared(at) || memcmp(ours->memory + at, theirs->memory + at, 8) == 0)
            continue;
        uint64_t a, b;
        memcpy(&a, ours->memory + at, 8);
        memcpy(&b, theirs->memory + at, 8);
        if (differences++ < SHOWN)
            printf("storage at 0x%" PRIx64 ": numaplex %016" PRIx64 ", QEMU %016" PRIx64 "\n", at,
                   __builtin_bswap64(a), __builtin_bswap64(b));
    }
    return differences;
}

static unsigned compare(const struct guest_case *test, struct case_outcome *ours, struct case_outcome *theirs)
{
    unsigned differences = compare_consoles(ours, theirs);
    if (!ours->clean || !theirs->clean) {
        printf("ended at 0x%" PRIx64 " on numaplex, at 0x%" PRIx64 " on QEMU\n", ours->psw_address,
               theirs->psw_address);
        differences++;
    }
    if (test->cpus == 1)
        differences += compare_registers(ours, theirs) + compare_memory(ours, theirs);
    return differences;
}

static int alone(const struct guest_case *test)
{
    struct case_outcome ours;
    struct err err;
    if (simulated_run(test, &ours, &err))
        return err_report(&err);
    bool well = ours.clean && strstr(ours.console, ": ok");
    printf("%s%s on numaplex: %s\n", ours.console, test->image, well ? "ended well" : "FAILED");
    outcome_free(&ours);
    return !well;
}

static void join_arguments(char *to, size_t size, char **arguments, bool without_clock)
{
    size_t n = (size_t)snprintf(to, size, "%s", without_clock ? "clock=off" : "");
    for (; *arguments && n < size; arguments++)
        n += (size_t)snprintf(to + n, size - n, "%s%s", n ? " " : "", *arguments);
}

// A QEMU that does not answer is asked again: that says nothing of the guest.
static enum err_code run_on_qemu(const struct guest_case *test, struct case_outcome *outcome, struct err *err)
{
    for (unsigned tries = 0; tries < QEMU_TRIES && qemu_run(test, SECONDS, outcome, err); tries++)
        err_report(err);
    return err->code;
}

int main(int argc, char **argv)
{
    bool only_ours = argc > 1 && strcmp(argv[1], "--alone") == 0;
    argc -= only_ours;
    argv += only_ours;
    if (argc < 4) {
        fprintf(stderr, "usage: guest-compare [--alone] CPUS BOARDS IMAGE [ARGUMENT...]\n");
        return 2;
    }
    char arguments[GUEST_ARGUMENTS_MAX];
    struct guest_case test = {.image = argv[3],
                              .arguments = arguments,
                              .cpus = (unsigned)atoi(argv[1]),
                              .boards = (unsigned)atoi(argv[2])};
    join_arguments(arguments, sizeof arguments, argv + 4, test.cpus == 1 && !only_ours);
    if (only_ours)
        return alone(&test);
    struct case_outcome ours, theirs = {0};
    struct err err;
    if (simulated_run(&test, &ours, &err) || run_on_qemu(&test, &theirs, &err)) {
        outcome_free(&ours);
        return err_report(&err);
    }
    unsigned differences = compare(&test, &ours, &theirs);
    printf("%s on %u CPUs: %u differences\n", test.image, test.cpus, differences);
    outcome_free(&ours);
    outcome_free(&theirs);
    return differences != 0;
}
