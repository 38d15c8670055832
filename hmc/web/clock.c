// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t host_now_ms(void *self)
{
    (void)self;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct web_clock host_clock = {host_now_ms, NULL};

void clock_text(int64_t ms, char text[CLOCK_TEXT_BYTES])
{
    time_t seconds = ms / 1000;
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    if (!gmtime_r(&seconds, &parts) || !strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts))
        snprintf(text, CLOCK_TEXT_BYTES, "?");
}
