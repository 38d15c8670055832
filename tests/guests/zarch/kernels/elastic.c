// SPDX-License-Identifier: Apache-2.0
// A machine that grows and shrinks: rounds= rounds (8) of work on all CPUs that are configured, with data in
// all storage that is assigned. What comes is taken: CPUs are configured and started, storage is assigned. It
// is given back when the operator says so, in the shape of z/OS's commands:
//
//   CF CPU(4-7),OFFLINE    CF STOR(E=2),OFFLINE    D M=CPU    and ONLINE
//
// `hold`: nothing is taken unasked. `display`: D M=CPU at the beginning, for where nobody can type.
#include <stdbool.h>
#include <stddef.h>

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/configuration.h"
#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"
#include "tests/guests/zarch/runtime/smp.h"

enum { ITEMS = 64, WORDS = 64, STIRS = 16, REGIONS_MAX = 65 };

// Where items lie: one region of what the program began with, one of each increment that it was given.
struct region {
    unsigned element, increment;
    uint64_t (*item)[WORDS];
};

static struct region regions[REGIONS_MAX];
static unsigned n_regions = 1;
static bool online[CPUS_MAX], refused[CPUS_MAX], element_refused[ELEMENTS_MAX];
static uint64_t increment_bytes;

// The round under way.
static uint64_t round_number;
static struct part {
    unsigned member, members;
    uint64_t sum;
} __attribute__((aligned(LINE_BYTES))) parts[CPUS_MAX];

static uint64_t value(uint64_t round, uint64_t item, uint64_t word)
{
    return round * 1000003 + item * 8191 + word;
}

static uint64_t expected(uint64_t round)
{
    uint64_t words = ITEMS * (uint64_t)WORDS;
    return words * value(round, 0, 0) + (uint64_t)WORDS * 8191 * (ITEMS * (ITEMS - 1) / 2) +
           ITEMS * ((uint64_t)WORDS * (WORDS - 1) / 2);
}

// What CPUs have to do for a word.
static uint64_t stir(uint64_t x)
{
    for (unsigned i = 0; i < STIRS; i++)
        x = random_at(x, i);
    return x;
}

static uint64_t *item_at(unsigned i)
{
    return regions[i % n_regions].item[i];
}

static void fill(void *argument)
{
    const struct part *part = argument;
    for (unsigned i = part->member; i < ITEMS; i += part->members)
        for (unsigned k = 0; k < WORDS; k++)
            item_at(i)[k] = stir(value(round_number, i, k));
}

// What the next one has filled in, as far as it is right.
static void add(void *argument)
{
    struct part *part = argument;
    uint64_t sum = 0;
    for (unsigned i = (part->member + 1) % part->members; i < ITEMS; i += part->members)
        for (unsigned k = 0; k < WORDS; k++)
            if (item_at(i)[k] == stir(value(round_number, i, k)))
                sum += value(round_number, i, k);
    part->sum = sum;
}

static void on_all(void (*work)(void *))
{
    for (unsigned a = 1; a < CPUS_MAX; a++)
        if (online[a])
            smp_give(a, work, &parts[a]);
    work(&parts[0]);
    for (unsigned a = 1; a < CPUS_MAX; a++)
        while (online[a] && !smp_is_done(a))
            relax();
}

static void do_round(void)
{
    uint64_t sum = 0, start = clock_now();
    unsigned n = 0;
    for (unsigned a = 0; a < CPUS_MAX; a++)
        if (online[a])
            parts[a].member = n++;
    for (unsigned a = 0; a < CPUS_MAX; a++)
        parts[a].members = n;
    on_all(fill);
    on_all(add);
    for (unsigned a = 0; a < CPUS_MAX; a++)
        sum += online[a] ? parts[a].sum : 0;
    uint64_t time = clock_now() - start;
    if (sum != expected(round_number))
        fail("round %lu: the sum is %lx, not %lx", round_number, sum, expected(round_number));
    print("round %lu: %u CPUs, %u increments of storage more, sum %lx\n", round_number, n, n_regions - 1,
          sum);
    uint64_t ns = clock_to_ns(time);
    print("time: round cpus=%u us=%lu.%03lu\n", n, ns / 1000, ns % 1000); // claims of scenarios read it
}

static bool cpu_on(unsigned address)
{
    if (address >= CPUS_MAX || online[address])
        return address < CPUS_MAX;
    if (!configuration_set_cpu(address, true))
        return false;
    smp_join(address);
    online[address] = true;
    refused[address] = false;
    print("ELA504I CPU(%u),ONLINE\n", address);
    return true;
}

// CPU 0 runs this: it stays.
static bool cpu_off(unsigned address)
{
    if (address == 0 || address >= CPUS_MAX)
        return false;
    refused[address] = true;
    if (!online[address])
        return true;
    smp_stop(address);
    online[address] = false;
    bool gone = configuration_set_cpu(address, false);
    print("ELA505I CPU(%u),%s\n", address, gone ? "OFFLINE" : "STOPPED");
    return gone;
}

static bool is_known(unsigned increment)
{
    for (unsigned r = 1; r < n_regions; r++)
        if (regions[r].increment == increment)
            return true;
    return false;
}

static void report_storage(unsigned number, unsigned n, const char *state)
{
    if (n)
        print("ELA510I STOR(E=%u),%s: %u INCREMENTS\n", number, state, n);
}

static bool storage_on(unsigned number)
{
    static struct element element;
    unsigned taken = 0;
    configuration_element(number, &element);
    element_refused[number] = false;
    for (unsigned i = 0; i < element.n && n_regions < REGIONS_MAX; i++) {
        unsigned increment = element.increment[i];
        if (is_known(increment) || !configuration_set_storage(increment, true))
            continue;
        void *at = (void *)((uintptr_t)(increment - 1) * increment_bytes);
        regions[n_regions++] = (struct region){number, increment, at};
        taken++;
    }
    report_storage(number, taken, "ONLINE");
    return element.n > 0;
}

static bool storage_off(unsigned number)
{
    unsigned given = 0, kept = 1;
    bool all = true;
    element_refused[number] = true;
    for (unsigned r = 1; r < n_regions; r++) {
        bool ours = regions[r].element == number;
        bool gone = ours && configuration_set_storage(regions[r].increment, false);
        given += gone;
        all &= gone || !ours;
        if (!gone)
            regions[kept++] = regions[r];
    }
    n_regions = kept;
    report_storage(number, given, "OFFLINE");
    return all;
}

static bool is_listed(const struct cpu_list *list, unsigned address)
{
    for (unsigned i = 0; i < list->n; i++)
        if (list->address[i] == address)
            return true;
    return false;
}

// What has gone and comes again is taken again.
static void forget_gone(const struct cpu_list *configured, const struct cpu_list *standby)
{
    static struct element element;
    for (unsigned a = 0; a < CPUS_MAX; a++)
        refused[a] &= is_listed(configured, a) || is_listed(standby, a);
    for (unsigned e = 1; e < ELEMENTS_MAX; e++) {
        if (!element_refused[e])
            continue;
        configuration_element(e, &element);
        element_refused[e] = element.n > 0;
    }
}

// Boards have come, or gone.
static void look_around(void)
{
    struct cpu_list configured, standby;
    configuration_cpus(&configured, &standby);
    forget_gone(&configured, &standby);
    for (unsigned i = 0; i < standby.n; i++)
        if (standby.address[i] < CPUS_MAX && !refused[standby.address[i]])
            cpu_on(standby.address[i]);
    for (unsigned e = 1; e < ELEMENTS_MAX; e++)
        if (!element_refused[e])
            storage_on(e);
}

static void display(void)
{
    struct cpu_list configured, standby;
    configuration_cpus(&configured, &standby);
    print("ELA174I DISPLAY M: %u CPUS CONFIGURED, %u STANDBY\n", configured.n, standby.n);
    for (unsigned i = 0; i < configured.n; i++)
        print("CPU %u %s\n", configured.address[i],
              configured.address[i] < CPUS_MAX && online[configured.address[i]] ? "ONLINE" : "STOPPED");
    for (unsigned i = 0; i < standby.n; i++)
        print("CPU %u STANDBY\n", standby.address[i]);
}

static bool take(const char **text, const char *word)
{
    size_t n = strlen(word);
    if (memcmp(*text, word, n) != 0)
        return false;
    *text += n;
    return true;
}

static bool take_number(const char **text, unsigned *number)
{
    const char *from = *text;
    *number = 0;
    for (; **text >= '0' && **text <= '9' && *number < 1000; (*text)++)
        *number = *number * 10 + (unsigned)(**text - '0');
    return *text != from;
}

static bool configure_cpus(const char *text)
{
    unsigned from, to;
    bool well = true;
    if (!take_number(&text, &from))
        return false;
    to = from;
    if (take(&text, "-") && !take_number(&text, &to))
        return false;
    bool on = strcmp(text, "),ONLINE") == 0;
    if ((!on && strcmp(text, "),OFFLINE") != 0) || to >= CPUS_MAX)
        return false;
    for (unsigned a = from; a <= to; a++)
        well &= on ? cpu_on(a) : cpu_off(a);
    return well;
}

static bool configure_storage(const char *text)
{
    unsigned number;
    if (!take_number(&text, &number) || number == 0 || number >= ELEMENTS_MAX)
        return false;
    bool on = strcmp(text, "),ONLINE") == 0;
    if (!on && strcmp(text, "),OFFLINE") != 0)
        return false;
    return on ? storage_on(number) : storage_off(number);
}

static void obey(const char *line)
{
    char upper[256] = {0};
    const char *text = upper;
    bool done = false;
    for (size_t i = 0; line[i] && i + 1 < sizeof upper; i++)
        upper[i] = line[i] >= 'a' && line[i] <= 'z' ? (char)(line[i] - 'a' + 'A') : line[i];
    if (strcmp(upper, "D M=CPU") == 0) {
        display();
        return;
    }
    if (take(&text, "CF CPU("))
        done = configure_cpus(text);
    else if (take(&text, "CF STOR(E="))
        done = configure_storage(text);
    print("ELA712I %s: %s\n", upper, done ? "PROCESSING COMPLETE" : "NOT DONE");
}

int main(void)
{
    char line[256];
    uint64_t rounds = argument_number("rounds", 8);
    bool hold = argument_is("hold");
    increment_bytes = configuration_increment_bytes();
    regions[0].item = place_on(0, sizeof(uint64_t[ITEMS][WORDS]));
    for (unsigned a = 0; a < options.cpus; a++)
        online[a] = true;
    console_listen(true);
    if (argument_is("display"))
        display();
    for (round_number = 1; round_number <= rounds; round_number++) {
        do_round();
        while (console_read(line, sizeof line)) {
            if (line[0])
                obey(line);
            else if (!hold)
                look_around();
        }
    }
    print("elastic: ok\n");
    return 0;
}
