// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/guest_times.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define US_MAX         1e15  // thirty years
#define LINE_MAX_BYTES 1024u // of a file; a longer one is no line of times

// A decimal number without sign, independent of the locale; NULL when there is none, else what follows it.
static const char *decimal(const char *at, double *value)
{
    const char *begin = at;
    double scale = 1;
    *value = 0;
    for (; *at >= '0' && *at <= '9' && *value < US_MAX; at++)
        *value = *value * 10 + (*at - '0');
    if (at == begin)
        return NULL;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            *value += (*at - '0') * (scale /= 10);
    return at;
}

// The word `word`, then a number.
static const char *number_after(const char *at, const char *word, double *value)
{
    size_t length = strlen(word);
    return at && strncmp(at, word, length) == 0 ? decimal(at + length, value) : NULL;
}

// Where it belongs: after those of its name with fewer CPUs, or at the end when it is the first of its name.
static size_t place(const struct guest_times *times, const char *name, uint32_t cpus, bool *there)
{
    size_t i = 0;
    *there = false;
    while (i < times->n && strcmp(times->items[i].name, name) != 0)
        i++;
    for (; i < times->n && strcmp(times->items[i].name, name) == 0; i++) {
        *there = times->items[i].cpus == cpus;
        if (times->items[i].cpus >= cpus)
            break;
    }
    return i;
}

static void add(struct guest_times *times, const char *name, size_t length, double cpus, double us)
{
    struct guest_time time = {.us = us};
    bool there;
    if (length == 0 || cpus < 1 || cpus > GUEST_CPUS_MAX || us <= 0 || us > US_MAX)
        return;
    time.cpus = (uint32_t)cpus;
    snprintf(time.name, sizeof time.name, "%.*s", (int)length, name);
    size_t at = place(times, time.name, time.cpus, &there);
    if (!there && times->n == GUEST_TIMES_MAX)
        return;
    if (!there)
        memmove(&times->items[at + 1], &times->items[at], (times->n++ - at) * sizeof times->items[0]);
    times->items[at] = time;
}

// "NAME cpus=N us=T".
static bool read_words(struct guest_times *times, const char *line)
{
    double cpus, us;
    size_t length = strcspn(line, " :\n");
    const char *at = number_after(line + length, " cpus=", &cpus);
    if (!number_after(at, " us=", &us))
        return false;
    add(times, line, length, cpus, us);
    return true;
}

// "NAME: T ns on N", and more of these in the same line.
static void read_sentence(struct guest_times *times, const char *line)
{
    size_t length = strcspn(line, ":\n");
    const char *end = line + strcspn(line, "\n");
    if (line[length] != ':')
        return;
    for (const char *at = line + length; at < end;) {
        double ns, cpus;
        const char *after = *at == ' ' ? decimal(at + 1, &ns) : NULL;
        after = after ? number_after(after, " ns on ", &cpus) : NULL;
        if (after)
            add(times, line, length, cpus, ns / 1000);
        at = after ? after : at + 1;
    }
}

static void read_line(struct guest_times *times, const char *line)
{
    static const char begin[] = "time: ";
    if (strncmp(line, begin, strlen(begin)) == 0 && !read_words(times, line + strlen(begin)))
        read_sentence(times, line + strlen(begin));
}

static void compare(struct guest_times *times)
{
    const struct guest_time *first = times->items;
    for (size_t i = 0; i < times->n; i++) {
        struct guest_time *time = &times->items[i];
        if (strcmp(time->name, first->name) != 0)
            first = time;
        time->speedup = first->us / time->us * first->cpus;
    }
}

void guest_times_read(struct guest_times *times, const char *console)
{
    times->n = 0;
    for (const char *line = console; *line; line += strcspn(line, "\n"), line += *line == '\n')
        read_line(times, line);
    compare(times);
}

void guest_times_read_file(struct guest_times *times, const char *path)
{
    char line[LINE_MAX_BYTES];
    bool begins = true;
    FILE *file = fopen(path, "rb");
    times->n = 0;
    while (file && fgets(line, sizeof line, file)) {
        bool ends = strchr(line, '\n') != NULL;
        if (begins && (ends || feof(file)))
            read_line(times, line);
        begins = ends;
    }
    if (file)
        fclose(file);
    compare(times);
}
