// SPDX-License-Identifier: Apache-2.0
// The machines that are explored. Each is as small as what it shows allows.
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/explore.h"

#define APART            MODEL_NO_BOARD
#define BOARDS(n)        ((1u << (n)) - 1)
#define HOME_APART       (1u << APART)
#define MACHINE(b, l, c) .boards = (b), .lines = (l), .l1s = (c)

static const struct model_config configs[] = {
    // One line: the textbook's races. Two accesses waiting per L1 let a bus request find any L1 state.
    {"2-boards", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 2, .outstanding = 2, .home = {APART}},
    {"3-boards", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 2, .outstanding = 2, .home = {APART}},
    {"4-boards", EFFORT_NORMAL, MACHINE(4, 1, 1), .words = 2, .outstanding = 1, .home = {APART},
     .long_at_four_hops = true},
    // Inside a board: upgrade against Inv, inclusive victim with a dirty L1, silent E to M.
    {"2-boards-2-l1s", EFFORT_QUICK, MACHINE(2, 1, 2), .words = 2, .outstanding = 2, .home = {APART}},
    // Two lines whose homes are the two boards: with data, and with two misses under way per board. The last
    // is both at once: 18 million states, 3 GB and minutes, for who changes how lines share anything.
    {"2-boards-2-lines", EFFORT_NORMAL, MACHINE(2, 2, 1), .words = 1, .outstanding = 1, .home = {0, 1},
     .long_at_four_hops = true},
    {"2-boards-2-misses", EFFORT_NORMAL, MACHINE(2, 2, 0), .words = 0, .outstanding = 2, .home = {0, 1},
     .long_at_four_hops = true},
    {"2-boards-2-lines-2-misses", EFFORT_LONG, MACHINE(2, 2, 1), .words = 1, .outstanding = 2,
     .home = {0, 1}},
    // The same with as little as shows that no line waits for another: for protocols with many states.
    {"2-boards-2-lines-bare", EFFORT_DEMO, MACHINE(2, 2, 0), .words = 0, .outstanding = 1, .home = {0, 1}},
    // Boards die at any moment, and gates answer for them.
    {"2-boards-one-dies", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(2), .deaths = 1},
    {"2-boards-home-dies", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = HOME_APART, .deaths = 1},
    {"3-boards-one-dies", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(3), .deaths = 1},
    {"3-boards-two-die", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 1, .outstanding = 1, .home = {0},
     .may_die = BOARDS(3), .deaths = 2},
    {"4-boards-one-dies", EFFORT_LONG, MACHINE(4, 1, 0), .words = 0, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(4), .deaths = 1},
    // Segment maps are damaged at any moment: later requests and Puts are refused by a home that is not
    // theirs.
    {"2-boards-misled", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .misleads = true},
    {"3-boards-misled", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .misleads = true},
    // A directory that names too many, for protocols that allow it: one pointer, or one bit for two boards.
    {"3-boards-pointer", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .pointers = 1},
    {"3-boards-coarse", EFFORT_NORMAL, MACHINE(3, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .coarse = 2},
    // A directory cache. First its entry may go at any moment, as if any other line needed it; then two lines
    // of one home share one entry.
    {"2-boards-recall", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .entries = 1, .drops = true},
    {"2-boards-forget", EFFORT_QUICK, MACHINE(2, 1, 1), .words = 1, .outstanding = 1, .home = {APART},
     .entries = 1, .drops = true, .forgets = true},
    {"3-boards-recall", EFFORT_NORMAL, MACHINE(3, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .entries = 1, .drops = true},
    {"3-boards-forget", EFFORT_NORMAL, MACHINE(3, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .entries = 1, .drops = true, .forgets = true},
    {"2-lines-recall", EFFORT_NORMAL, MACHINE(2, 2, 0), .words = 0, .outstanding = 1, .home = {APART, APART},
     .entries = 1},
    {"2-lines-forget", EFFORT_NORMAL, MACHINE(2, 2, 0), .words = 0, .outstanding = 1, .home = {APART, APART},
     .entries = 1, .forgets = true},
    {"2-lines-forget-2-misses", EFFORT_LONG, MACHINE(2, 2, 0), .words = 0, .outstanding = 2,
     .home = {APART, APART}, .entries = 1, .forgets = true},
    {"recall-one-dies", EFFORT_NORMAL, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(2), .deaths = 1, .entries = 1, .drops = true},
    {"forget-one-dies", EFFORT_NORMAL, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(2), .deaths = 1, .entries = 1, .drops = true, .forgets = true},
    {"recall-misled", EFFORT_NORMAL, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .misleads = true, .entries = 1, .drops = true},
    {"forget-misled", EFFORT_NORMAL, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .misleads = true, .entries = 1, .drops = true, .forgets = true},
    // Smaller forms, in which thousands of damaged tables are explored (damage.c).
    {"damage-2-l1s", EFFORT_DEMO, MACHINE(2, 1, 2), .words = 1, .outstanding = 1, .home = {APART}},
    {"damage-3-boards", EFFORT_DEMO, MACHINE(3, 1, 1), .words = 2, .outstanding = 1, .home = {APART}},
    {"damage-3-bare", EFFORT_DEMO, MACHINE(3, 1, 0), .words = 1, .outstanding = 1, .home = {APART}},
    {"damage-3-forget", EFFORT_DEMO, MACHINE(3, 1, 0), .words = 0, .outstanding = 1, .home = {APART},
     .entries = 1, .drops = true, .forgets = true},
    {"damage-3-one-dies", EFFORT_DEMO, MACHINE(3, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .may_die = BOARDS(3), .deaths = 1},
    {"damage-3-two-die", EFFORT_DEMO, MACHINE(3, 1, 0), .words = 1, .outstanding = 2, .home = {APART},
     .may_die = BOARDS(3), .deaths = 2},
    // What the networks promise is needed: these break (demo_main.c).
    {"reordered-forwards", EFFORT_DEMO, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .reorder_forwards = true},
    {"reordered-recalls", EFFORT_DEMO, MACHINE(2, 1, 0), .words = 1, .outstanding = 1, .home = {APART},
     .reorder_forwards = true, .entries = 1, .drops = true, .forgets = true},
    {"one-forward-queue", EFFORT_DEMO, MACHINE(2, 2, 0), .words = 0, .outstanding = 2, .home = {0, 1},
     .one_forward_queue = true},
    // What the exported Murphi model has: no L1s, no values.
    {"murphi-2-boards", EFFORT_DEMO, MACHINE(2, 1, 0), .words = 0, .outstanding = 1, .home = {APART}},
    {"murphi-3-boards", EFFORT_DEMO, MACHINE(3, 1, 0), .words = 0, .outstanding = 1, .home = {APART}},
};

bool config_fits(const struct model_config *config, const struct protocol *protocol)
{
    return protocol->four_hop || !(config->pointers || config->coarse || config->entries);
}

const struct model_config *config_at(unsigned i)
{
    return i < NP_ARRAY_LEN(configs) ? &configs[i] : NULL;
}

const struct model_config *config_by_name(const char *name)
{
    for (unsigned i = 0; i < NP_ARRAY_LEN(configs); i++)
        if (strcmp(configs[i].name, name) == 0)
            return &configs[i];
    return NULL;
}
