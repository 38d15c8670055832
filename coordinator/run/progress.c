// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/machine/units.h"

#define SHOW_US INT64_C(200000) // nobody reads faster

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void progress_init(struct progress *progress, sim_time until, bool quiet)
{
    *progress = (struct progress){.until = until, .shown = !quiet && isatty(STDERR_FILENO)};
}

// Time of the group that is furthest behind among those that still run; of all, when none does.
static sim_time least_time(const struct group_progress *groups, uint32_t n)
{
    sim_time running = SIM_NEVER, any = SIM_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        any = sim_min(any, groups[i].time);
        if (groups[i].running)
            running = sim_min(running, groups[i].time);
    }
    return running != SIM_NEVER ? running : any;
}

static uint64_t all_accesses(const struct group_progress *groups, uint32_t n)
{
    uint64_t accesses = 0;
    for (uint32_t i = 0; i < n; i++)
        accesses += groups[i].accesses;
    return accesses;
}

static size_t append(char *text, size_t used, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static size_t append(char *text, size_t used, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text + used, size - used, fmt, args);
    va_end(args);
    used += n > 0 ? (size_t)n : 0;
    return used < size ? used : size - 1;
}

const char *progress_text(const struct progress *progress, const struct group_progress *groups, uint32_t n,
                          double seconds, char *text, size_t size)
{
    char time[UNIT_TEXT_SIZE], speed[UNIT_TEXT_SIZE];
    sim_time at = least_time(groups, n), from = sim_min(progress->from, at);
    double per_second = seconds > 0 ? (double)(at - from) / seconds : 0;
    double accesses = seconds > 0 ? (double)(all_accesses(groups, n) - progress->before) / seconds : 0;
    size_t used = append(text, 0, size, "%s", unit_pretty_time(at, time));
    if (progress->until != SIM_NEVER) {
        used = append(text, used, size, " of %s (%.1f %%)", unit_pretty_time(progress->until, time),
                      100.0 * (double)at / (double)progress->until);
    }
    used = append(text, used, size, ", %s/s, %.2f M accesses/s",
                  unit_pretty_time((uint64_t)per_second, speed), 1e-6 * accesses);
    if (progress->until != SIM_NEVER && per_second > 0 && at < progress->until) {
        double left = (double)(progress->until - at) / per_second;
        if (left < 360000)
            append(text, used, size, ", %u:%02u left", (unsigned)left / 60, (unsigned)left % 60);
    }
    return text;
}

static unsigned columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
        return size.ws_col;
    return 80;
}

static void put_line(struct progress *progress, const char *text)
{
    fprintf(stderr, "\r\033[K%.*s", (int)columns() - 1, text); // one column short: no terminal wraps then
    fflush(stderr);
    progress->on_line = true;
}

void progress_show(void *self, const struct group_progress *groups, uint32_t n)
{
    struct progress *progress = self;
    char text[200];
    int64_t now = now_us();
    if (!progress->shown || n == 0)
        return;
    if (!progress->began_us) {
        progress->began_us = now;
        progress->from = least_time(groups, n);
        progress->before = all_accesses(groups, n);
    }
    if (progress->held || now - progress->last_us < SHOW_US)
        return;
    progress->last_us = now;
    put_line(progress, progress_text(progress, groups, n, 1e-6 * (double)(now - progress->began_us), text,
                                     sizeof text));
}

void progress_say(struct progress *progress, const char *fmt, ...)
{
    char text[200];
    va_list args;
    if (!progress->shown)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    put_line(progress, text);
}

void progress_clear(struct progress *progress)
{
    if (progress->on_line)
        fputs("\r\033[K", stderr);
    progress->on_line = false;
}
