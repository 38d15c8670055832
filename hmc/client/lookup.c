// SPDX-License-Identifier: Apache-2.0
// Rows of a snapshot by their names.
#include <string.h>

#include "hmc/client/client.h"

const struct api_board *client_board(const struct api_snapshot *snapshot, const char *name)
{
    for (uint32_t i = 0; i < snapshot->n_boards; i++)
        if (strcmp(snapshot->boards[i].name, name) == 0)
            return &snapshot->boards[i];
    return NULL;
}

const struct api_partition *client_partition(const struct api_snapshot *snapshot, const char *name)
{
    for (uint32_t i = 0; i < snapshot->n_partitions; i++)
        if (strcmp(snapshot->partitions[i].name, name) == 0)
            return &snapshot->partitions[i];
    return NULL;
}

const struct api_operation *client_operation(const struct api_snapshot *snapshot, uint64_t id)
{
    for (uint32_t i = 0; i < snapshot->n_operations; i++)
        if (snapshot->operations[i].id == id)
            return &snapshot->operations[i];
    return NULL;
}
