// SPDX-License-Identifier: Apache-2.0
// Reads a timeline.json as a viewer would, and checks what one relies on.
#ifndef NP_TESTS_LIB_TIMELINE_CHECK_H
#define NP_TESTS_LIB_TIMELINE_CHECK_H

#include <jansson.h>
#include <stdbool.h>

struct timeline_counts {
    unsigned slices, grants, counters, processes, tracks; // tracks: with a name
};

// Loads PATH; NULL when it is no timeline, with the reason on standard output. Checks that every slice has a
// process and a track with a name, that slices of a track follow one another (so that each is at the top
// level, inside no other), that times ascend in every track, and that counters lie in 0 .. 100. The caller
// owns it.
json_t *timeline_check(const char *path, struct timeline_counts *counts);

#endif
