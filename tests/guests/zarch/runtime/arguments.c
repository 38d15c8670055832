// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/arguments.h"

#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"

enum { LINE_BYTES_MAX = 896, WORDS_MAX = 64 };

struct options options;

static char line[LINE_BYTES_MAX + 1];
static const char *words[WORDS_MAX];
static bool was_read[WORDS_MAX];
static unsigned n_words;

void arguments_split(void)
{
    // Volatile: the loader wrote it, and the compiler knows of no object there.
    const volatile char *given = (const volatile char *)0x10480;
    bool in_word = false;
    for (unsigned i = 0; i < LINE_BYTES_MAX && given[i]; i++) {
        line[i] = given[i] == ' ' ? '\0' : given[i];
        if (line[i] && !in_word) {
            if (n_words < WORDS_MAX)
                words[n_words] = line + i;
            n_words++;
        }
        in_word = line[i] != '\0';
    }
}

bool argument_is(const char *word)
{
    bool found = false;
    for (unsigned i = 0; i < n_words && i < WORDS_MAX; i++)
        if (strcmp(words[i], word) == 0)
            found = was_read[i] = true;
    return found;
}

static uint64_t number(const char *word, const char *digits)
{
    uint64_t value = 0;
    const char *c = digits;
    for (; *c >= '0' && *c <= '9' && value < UINT64_MAX / 20; c++)
        value = value * 10 + (uint64_t)(*c - '0');
    unsigned shift = *c == 'k' ? 10 : *c == 'M' ? 20 : *c == 'G' ? 30 : 0;
    if (shift)
        c++;
    if (c == digits || *c || value > UINT64_MAX >> shift)
        fail("%s: give a number, which may end in k, M or G", word);
    return value << shift;
}

uint64_t argument_number(const char *key, uint64_t fallback)
{
    uint64_t value = fallback;
    size_t length = strlen(key);
    for (unsigned i = 0; i < n_words; i++)
        if (memcmp(words[i], key, length) == 0 && words[i][length] == '=') {
            value = number(words[i], words[i] + length + 1);
            was_read[i] = true;
        }
    return value;
}

static uint64_t number_up_to(const char *key, uint64_t fallback, uint64_t max)
{
    uint64_t value = argument_number(key, fallback);
    if (value > max)
        fail("%s=%lu: at most %lu", key, value, max);
    return value;
}

// Which of the words stands on the command line: the first without any.
static unsigned choose(const char *const *words_of_option)
{
    unsigned chosen = 0;
    for (unsigned i = 0; words_of_option[i]; i++)
        if (argument_is(words_of_option[i]))
            chosen = i;
    return chosen;
}

void arguments_read(void)
{
    if (n_words > WORDS_MAX)
        fail("more than %u arguments", WORDS_MAX);
    options.cpus = (unsigned)number_up_to("cpus", 0, CPUS_MAX);
    options.boards = (unsigned)number_up_to("boards", 1, BOARDS_MAX);
    options.slice = number_up_to("slice", 64u << 20, (uint64_t)1 << 40);
    options.spread = argument_is("spread");
    options.place = choose((const char *const[]){"place=near", "place=far", "place=one", NULL});
    options.size = argument_number("size", 0);
    options.repeat = (unsigned)number_up_to("repeat", 0, 1000000);
    options.seed = argument_number("seed", 1);
    options.clock_off = argument_is("clock=off");
    options.tree_barrier = choose((const char *const[]){"barrier=tree", "barrier=sense", NULL}) == 0;
    if (options.boards == 0 || options.slice < 1u << 20 || options.slice % 4096)
        fail("boards= is at least 1, slice= at least 1M and a multiple of 4k");
}

const char *argument_unread(void)
{
    for (unsigned i = 0; i < n_words; i++)
        if (!was_read[i])
            return words[i];
    return NULL;
}
