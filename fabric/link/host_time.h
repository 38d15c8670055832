// SPDX-License-Identifier: Apache-2.0
// The host's clock. It decides when to ask again, to report or to give a sign; never what a run computes.
#ifndef NP_FABRIC_LINK_HOST_TIME_H
#define NP_FABRIC_LINK_HOST_TIME_H

#include <stdint.h>
#include <time.h>

// Nanoseconds since some moment in the past; never goes back.
static inline uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Sleeps for a moment that nobody notices.
static inline void host_rest(void)
{
    struct timespec moment = {0, 2000000};
    nanosleep(&moment, NULL);
}

#endif
