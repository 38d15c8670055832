// SPDX-License-Identifier: Apache-2.0
// One description of a component's state serves three purposes: saving, loading and hashing. A component
// writes
//
//     void port_state(struct port *p, struct archive *ar) { ar_u64(ar, &p->busy_until); ... }
//
// once; what is saved, restored and covered by the digest then cannot drift apart. Integers are
// little-endian. In load mode every value is checked against what the caller allows; the first failure is
// kept and everything after it reads as zero, so a state function needs no error paths of its own.
#ifndef NP_PROTO_BASE_ARCHIVE_H
#define NP_PROTO_BASE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

enum archive_mode { AR_SAVE, AR_LOAD, AR_HASH };

struct archive {
    enum archive_mode mode;
    uint8_t *bytes;  // save: owned, grows; load: borrowed
    size_t size, at; // load: total and position; save: capacity and length in `at`
    void *hash;      // hash: XXH3 state, owned
    struct err err;  // load: first failure
};

struct digest {
    uint64_t low, high;
};

void ar_init_save(struct archive *ar);
void ar_init_load(struct archive *ar, const void *bytes, size_t size); // bytes stay the caller's
void ar_init_hash(struct archive *ar);
void ar_free(struct archive *ar);

struct digest ar_digest(const struct archive *ar); // hash mode

void ar_bytes(struct archive *ar, void *bytes, size_t size);
void ar_u8(struct archive *ar, uint8_t *v);
void ar_u16(struct archive *ar, uint16_t *v);
void ar_u32(struct archive *ar, uint32_t *v);
void ar_u64(struct archive *ar, uint64_t *v);
void ar_i16(struct archive *ar, int16_t *v);
void ar_bool(struct archive *ar, bool *v);

// A count or index that must not exceed max when loaded (it bounds a loop or an allocation that follows).
void ar_count(struct archive *ar, uint32_t *v, uint32_t max);

// Marks a section; on load the mark must be the same four characters. Catches a wrong order of state
// functions.
void ar_mark(struct archive *ar, const char mark[4]);

static inline bool ar_loading(const struct archive *ar)
{
    return ar->mode == AR_LOAD;
}

static inline bool ar_failed(const struct archive *ar)
{
    return ar->err.code != ERR_OK;
}

// Reports that a loaded value makes no sense (ERR_DAMAGED_STATE); later reads give zeros.
void ar_fail(struct archive *ar, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
