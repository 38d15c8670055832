// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/attempts.h"

#include <stdio.h>
#include <string.h>

#include "hmc/web/limits.h"
#include "hmc/web/openssl.h"
#include "hmc/web/random.h"
#include "proto/base/assert.h"

#define KEY_BYTES 128

enum { PAIR, ADDRESS, USER, KEYS };
static const double most[KEYS] = {WEB_ATTEMPTS_PAIR_MAX, WEB_ATTEMPTS_ADDRESS_MAX, WEB_ATTEMPTS_USER_MAX};

struct buckets {
    char key[KEYS][KEY_BYTES];
    double level[KEYS]; // at `now`
};

// Names stand here as hashes: people type passwords into the field for the name.
static void set_keys(struct buckets *buckets, const char *user, const char *address)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char name[33];
    SHA256((const unsigned char *)user, strlen(user), hash);
    hex_text(hash, 16, name);
    snprintf(buckets->key[PAIR], KEY_BYTES, "p %s %.60s", name, address);
    snprintf(buckets->key[ADDRESS], KEY_BYTES, "a %.60s", address);
    snprintf(buckets->key[USER], KEY_BYTES, "u %s", name);
}

static double leaked(double level, int64_t since_ms)
{
    double left = level - (double)(since_ms > 0 ? since_ms : 0) * WEB_ATTEMPTS_PER_MS;
    return left > 0 ? left : 0;
}

static enum err_code read_levels(struct store *store, struct buckets *buckets, int64_t now_ms,
                                 struct err *err)
{
    for (int i = 0; i < KEYS; i++) {
        struct store_query query =
            store_query(store, "SELECT level, at FROM attempts WHERE key = ?", "t", buckets->key[i]);
        buckets->level[i] =
            store_row(&query) ? leaked(store_real(&query, 0), now_ms - store_int(&query, 1)) : 0;
        if (store_end(&query, err))
            return err->code;
    }
    return ERR_OK;
}

static enum err_code write_level(struct store *store, const char *key, double level, int64_t now_ms,
                                 struct err *err)
{
    return store_run(store, NULL, err, "INSERT OR REPLACE INTO attempts VALUES(?,?,?)", "tri", key, level,
                     now_ms);
}

// Milliseconds until all three let one more through, and which is the last to; 0: now.
static double wait_ms(const struct buckets *buckets, int *last)
{
    double longest = 0;
    for (int i = 0; i < KEYS; i++) {
        double wait = (buckets->level[i] + 1 - most[i]) / WEB_ATTEMPTS_PER_MS;
        if (wait > longest) {
            longest = wait;
            *last = i;
        }
    }
    return longest;
}

static enum err_code take(struct store *store, struct buckets *buckets, int64_t now_ms, struct err *err)
{
    for (int i = 0; i < KEYS; i++)
        if (write_level(store, buckets->key[i], buckets->level[i] + 1, now_ms, err))
            return err->code;
    return store_run(store, NULL, err,
                     "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts"
                     " ORDER BY level DESC, at DESC LIMIT -1 OFFSET ?)",
                     "i", (int64_t)WEB_ATTEMPTS_KEYS_MAX);
}

// A full bucket is filled a little more by the first refusal, which marks for a while that it has been told.
static enum err_code mark(struct store *store, const struct buckets *buckets, int full, int64_t now_ms,
                          bool *first, struct err *err)
{
    bool told = buckets->level[full] > most[full];
    if (first)
        *first = !told;
    return told ? ERR_OK : write_level(store, buckets->key[full], most[full] + 0.5, now_ms, err);
}

enum err_code attempts_take(struct store *store, const char *user, const char *address, int64_t now_ms,
                            bool *first, struct err *err)
{
    struct buckets buckets = {0};
    double wait = 0;
    int full = 0;
    set_keys(&buckets, user, address);
    if (first)
        *first = false;
    enum err_code code = store_begin(store, err);
    if (code)
        return code;
    code = read_levels(store, &buckets, now_ms, err);
    if (!code) {
        wait = wait_ms(&buckets, &full);
        code =
            wait > 0 ? mark(store, &buckets, full, now_ms, first, err) : take(store, &buckets, now_ms, err);
    }
    code = store_commit(store, code, err);
    if (code || wait <= 0)
        return code;
    return err_set(err, ERR_TOO_OFTEN, "too many failed logins; try again in %d s", (int)(wait / 1000) + 1);
}

enum err_code attempts_forgive(struct store *store, const char *user, const char *address, struct err *err)
{
    struct buckets buckets = {0};
    set_keys(&buckets, user, address);
    return store_run(store, NULL, err,
                     "UPDATE attempts SET level = CASE key WHEN ?1 THEN 0 ELSE max(level - 1, 0) END"
                     " WHERE key IN (?1, ?2, ?3)",
                     "ttt", buckets.key[PAIR], buckets.key[ADDRESS], buckets.key[USER]);
}
