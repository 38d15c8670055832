// SPDX-License-Identifier: Apache-2.0
// The machines that are explored.
#include <string.h>

#include "proto/base/assert.h"
#include "tests/model/explore.h"

#define APART  MODEL_NO_BOARD
#define ALL(n) ((1u << (n)) - 1)

static const struct model_config configs[] = {
    {.name = "2-boards", .boards = 2, .lines = 1, .l1s = 1, .words = 2, .outstanding = 2, .home = {APART}},
    {.name = "3-boards", .boards = 3, .lines = 1, .l1s = 1, .words = 2, .outstanding = 1, .home = {APART}},
    {.name = "4-boards", .boards = 4, .lines = 1, .l1s = 1, .words = 1, .outstanding = 1, .home = {APART}},
    {.name = "2-boards-2-lines",
     .boards = 2,
     .lines = 2,
     .l1s = 1,
     .words = 1,
     .outstanding = 1,
     .home = {0, 1}},
    {.name = "2-boards-2-l1s",
     .boards = 2,
     .lines = 1,
     .l1s = 2,
     .words = 2,
     .outstanding = 1,
     .home = {APART}},
    {.name = "2-boards-one-dies",
     .boards = 2,
     .lines = 1,
     .l1s = 1,
     .words = 1,
     .outstanding = 1,
     .home = {APART},
     .may_die = ALL(2),
     .deaths = 1},
    {.name = "2-boards-home-dies",
     .boards = 2,
     .lines = 1,
     .l1s = 1,
     .words = 1,
     .outstanding = 1,
     .home = {APART},
     .may_die = 1 << APART,
     .deaths = 1},
    {.name = "3-boards-one-dies",
     .boards = 3,
     .lines = 1,
     .l1s = 1,
     .words = 1,
     .outstanding = 1,
     .home = {APART},
     .may_die = ALL(3),
     .deaths = 1},
    {.name = "3-boards-with-home-die",
     .boards = 3,
     .lines = 1,
     .l1s = 1,
     .words = 1,
     .outstanding = 1,
     .home = {0},
     .may_die = ALL(3),
     .deaths = 2},
};

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
