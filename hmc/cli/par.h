// SPDX-License-Identifier: Apache-2.0
// Between the files of HP's nPartition commands; see sms.h.
#ifndef NP_HMC_CLI_PAR_H
#define NP_HMC_CLI_PAR_H

#include "hmc/cli/cli.h"

#define CELLS_PER_CABINET 8 // of a Superdome: slots 0 to 7
#define CHANGES_MAX       BOARDS_MAX

struct par_words {
    struct cli cli;
    const char *usage;
    unsigned n_changes;
    struct {
        char how; // the letter: c, a, m, d
        const char *text;
    } changes[CHANGES_MAX];
    uint32_t number;            // -p; UINT32_MAX: not given
    const char *partition_name; // -P
    const char *cell;           // parstatus -c
    bool boot, force;           // -B, -F
    bool cells, partitions, verbose, local;
};

enum err_code par_cell(const struct api_snapshot *s, const char *text, const struct api_board **cell,
                       struct err *err);

enum err_code par_create(struct par_words *words, struct err *err);
enum err_code par_modify(struct par_words *words, struct err *err);
enum err_code par_remove(struct par_words *words, struct err *err);
enum err_code par_status(struct par_words *words, struct err *err);

#endif
