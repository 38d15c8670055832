// SPDX-License-Identifier: Apache-2.0
// From a row's setup to a scenario file.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/run/find.h"
#include "tests/bench/guest.h"

static void write_scenario(const struct setup *setup, FILE *out)
{
    fprintf(out,
            "scenario: bench\n"
            "seed: 1\n"
            "until: %" PRIu64 "us\n"
            "systems:\n"
            "  - name: bench\n"
            "    preset: bench\n"
            "    boards: %" PRIu32 "\n"
            "    board: {cpus: %" PRIu32 "}\n"
            "    partitions:\n"
            "      - name: ALL\n"
            "        boards: all\n"
            "        memory: [{size: %" PRIu32 "MiB, interleave: 4KiB}]\n"
            "        programs:\n"
            "          - on: all\n"
            "            generator: %s\n"
            "            region: {base: 0, size: %" PRIu32 "KiB}\n"
            "            writes: 30%%\n"
            "            outstanding: %" PRIu32 "\n",
            setup->until_us, setup->boards, setup->cpus, 64 * setup->boards, setup->generator,
            setup->region_kib, setup->outstanding);
    if (setup->compute)
        fprintf(out, "            compute: %s\n", setup->compute);
}

enum err_code setup_path(const struct row *row, const struct bench_settings *settings,
                         char path[PATH_MAX_BYTES], struct err *err)
{
    if (row->setup.guest.image)
        return guest_scenario(row, settings, path, err);
    if (row->setup.scenario)
        return find_scenario(row->setup.scenario, path, err);
    if (snprintf(path, PATH_MAX_BYTES, "%s/built.yaml", settings->folder) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", settings->folder);
    FILE *out = fopen(path, "w");
    if (!out)
        return err_errno(err, ERR_FILE, "%s", path);
    write_scenario(&row->setup, out);
    if (fclose(out))
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}
