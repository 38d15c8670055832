// SPDX-License-Identifier: Apache-2.0
// The command line that the loader writes at 0x10480: words key=value or key, separated by spaces.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_ARGUMENTS_H
#define TESTS_GUESTS_ZARCH_RUNTIME_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

enum place { PLACE_NEAR, PLACE_FAR, PLACE_ONE };

// What every program understands.
struct options {
    unsigned cpus;     // that take part; 0: all that exist
    unsigned boards;   // 1 to BOARDS_MAX
    uint64_t slice;    // bytes of real storage of a board; board b has [b * slice, (b + 1) * slice)
    bool spread;       // CPU a sits on board a % boards, not on a / (cpus / boards)
    enum place place;  // data of a CPU: on its own board, on the next one, or all on board 0
    uint64_t size;     // of the problem; 0: the program's default
    unsigned repeat;   // how often the program does its work; 0: its default
    uint64_t seed;     // of random numbers; 1 without one
    bool clock_off;    // times are all 0
    bool tree_barrier; // teams meet in the tree barrier, not in the sense-reversing one
};

extern struct options options;

// Takes the words from the loader: first, since they say which console there is.
void arguments_split(void);

// Reads the options; fails with clear words when one is wrong.
void arguments_read(void);

// The number behind key=, with k, M or G for powers of 1024; fallback without one.
uint64_t argument_number(const char *key, uint64_t fallback);

// Whether the word stands on the command line: "spread", "place=far".
bool argument_is(const char *word);

// A word that nothing has asked for, or NULL.
const char *argument_unread(void);

#endif
