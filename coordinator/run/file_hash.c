// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/file_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/assert.h"
#include "proto/codec/machine.h"

#define READ_BYTES (256u << 10)

static enum err_code hash_descriptor(int fd, const char *path, struct file_hash *hash, struct err *err)
{
    uint8_t *buffer = malloc(READ_BYTES);
    XXH3_state_t *state = XXH3_createState();
    NP_ASSERT(buffer && state);
    XXH3_64bits_reset(state);
    ssize_t n;
    hash->bytes = 0;
    while ((n = read(fd, buffer, READ_BYTES)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        XXH3_64bits_update(state, buffer, (size_t)n);
        hash->bytes += (uint64_t)n;
    }
    enum err_code code = n < 0 ? err_errno(err, ERR_FILE, "%s cannot be read", path) : ERR_OK;
    hash->hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    free(buffer);
    return code;
}

enum err_code file_hash(const char *path, bool sync, struct file_hash *hash, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "%s cannot be opened", path);
    enum err_code code = sync && fsync(fd) ? err_errno(err, ERR_FILE, "%s cannot be synced", path) : ERR_OK;
    if (!code)
        code = hash_descriptor(fd, path, hash, err);
    close(fd);
    return code;
}

uint64_t machine_hash(const struct machine *machine)
{
    struct machine bare = *machine;
    struct bytes bytes = {0};
    bare.until = SIM_NEVER;
    bare.cpus = calloc(machine->n_cpus + 1, sizeof *bare.cpus);
    NP_ASSERT(bare.cpus);
    if (machine->n_cpus)
        memcpy(bare.cpus, machine->cpus, machine->n_cpus * sizeof *bare.cpus);
    for (uint32_t i = 0; i < machine->n_cpus; i++)
        if (bare.cpus[i].kind == CPU_TRACE)
            strcpy(memset(bare.cpus[i].trace, 0, sizeof bare.cpus[i].trace), "trace");
    bare.pools = calloc(machine->n_pools + 1, sizeof *bare.pools);
    NP_ASSERT(bare.pools);
    if (machine->n_pools)
        memcpy(bare.pools, machine->pools, machine->n_pools * sizeof *bare.pools);
    for (uint32_t i = 0; i < machine->n_pools; i++)
        if (bare.pools[i].what.kind == CPU_TRACE)
            strcpy(memset(bare.pools[i].what.trace, 0, sizeof bare.pools[i].what.trace), "trace");
    bare.partitions = calloc(machine->n_partitions, sizeof *bare.partitions);
    NP_ASSERT(bare.partitions);
    memcpy(bare.partitions, machine->partitions, machine->n_partitions * sizeof *bare.partitions);
    for (uint32_t i = 0; i < machine->n_partitions; i++)
        if (bare.partitions[i].guest.image[0])
            strcpy(memset(bare.partitions[i].guest.image, 0, PATH_MAX_BYTES), "image");
    machine_encode(&bare, &bytes);
    uint64_t hash = XXH3_64bits(bytes.data, bytes.size);
    bytes_free(&bytes);
    free(bare.cpus);
    free(bare.pools);
    free(bare.partitions);
    return hash;
}

uint64_t text_hash(const char *text)
{
    return XXH3_64bits(text, strlen(text));
}
