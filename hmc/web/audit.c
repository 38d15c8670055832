// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/audit.h"

#include <string.h>

#include "hmc/web/openssl.h"
#include "proto/base/assert.h"

#define AUDIT_TEXT_MAX 2000 // of one field; longer ones are cut

static const uint8_t chain_start[AUDIT_CHAIN_BYTES];

// Each field with its length, so that no two rows give the same bytes.
static void hash_row(const uint8_t before[AUDIT_CHAIN_BYTES], const struct audit_row *row,
                     uint8_t chain[AUDIT_CHAIN_BYTES])
{
    const char *fields[] = {row->user, row->address, row->run, row->what, row->outcome, row->text};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    NP_ASSERT(context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    EVP_DigestUpdate(context, before, AUDIT_CHAIN_BYTES);
    EVP_DigestUpdate(context, &row->id, sizeof row->id);
    EVP_DigestUpdate(context, &row->at_ms, sizeof row->at_ms);
    for (size_t i = 0; i < NP_ARRAY_LEN(fields); i++) {
        uint64_t n = strlen(fields[i]);
        EVP_DigestUpdate(context, &n, sizeof n);
        EVP_DigestUpdate(context, fields[i], n);
    }
    NP_ASSERT(EVP_DigestFinal_ex(context, chain, NULL) == 1);
    EVP_MD_CTX_free(context);
}

static enum err_code last_row(struct store *store, int64_t *id, uint8_t chain[AUDIT_CHAIN_BYTES],
                              struct err *err)
{
    memcpy(chain, chain_start, AUDIT_CHAIN_BYTES);
    *id = 0;
    struct store_query query = store_query(store, "SELECT id, chain FROM audit ORDER BY id DESC LIMIT 1", "");
    if (store_row(&query)) {
        *id = store_int(&query, 0);
        store_blob(&query, 1, chain, AUDIT_CHAIN_BYTES); // of another length: audit_verify() will say it
    }
    return store_end(&query, err);
}

static enum err_code insert(struct store *store, const struct audit_row *row, struct err *err)
{
    uint8_t before[AUDIT_CHAIN_BYTES], chain[AUDIT_CHAIN_BYTES];
    struct audit_row full = *row;
    if (last_row(store, &full.id, before, err))
        return err->code;
    full.id++;
    hash_row(before, &full, chain);
    return store_run(store, NULL, err, "INSERT INTO audit VALUES(?,?,?,?,?,?,?,?,?)", "iittttttb", full.id,
                     full.at_ms, full.user, full.address, full.run, full.what, full.outcome, full.text,
                     (const void *)chain, sizeof chain);
}

enum err_code audit_add(struct store *store, const struct audit_row *row, int64_t now_ms, struct err *err)
{
    char text[AUDIT_TEXT_MAX];
    struct audit_row full = *row;
    full.at_ms = now_ms;
    full.text = strncpy(text, row->text, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    enum err_code code = store_begin(store, err);
    return code ? code : store_commit(store, insert(store, &full, err), err);
}

#define AUDIT_COLUMNS "id, at, user, address, run, what, outcome, text, chain"

static struct audit_row row_of(struct store_query *query)
{
    return (struct audit_row){store_int(query, 0),  store_int(query, 1),  store_text(query, 2),
                              store_text(query, 3), store_text(query, 4), store_text(query, 5),
                              store_text(query, 6), store_text(query, 7)};
}

enum err_code audit_read(struct store *store, int64_t before, unsigned n,
                         void (*each)(void *self, const struct audit_row *row), void *self, struct err *err)
{
    struct store_query query =
        store_query(store, "SELECT " AUDIT_COLUMNS " FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?", "ii",
                    before > 0 ? before : INT64_MAX, (int64_t)n);
    while (store_row(&query)) {
        struct audit_row row = row_of(&query);
        each(self, &row);
    }
    return store_end(&query, err);
}

enum err_code audit_verify(struct store *store, int64_t *rows, struct err *err)
{
    uint8_t chain[AUDIT_CHAIN_BYTES], found[AUDIT_CHAIN_BYTES];
    enum err_code code = ERR_OK;
    memcpy(chain, chain_start, sizeof chain);
    *rows = 0;
    struct store_query query = store_query(store, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", "");
    while (!code && store_row(&query)) {
        struct audit_row row = row_of(&query);
        hash_row(chain, &row, chain);
        if (row.id != ++*rows)
            code = err_set(err, ERR_DAMAGED_STATE, "audit log: row %lld is missing", (long long)*rows);
        else if (!store_blob(&query, 8, found, sizeof found) || memcmp(found, chain, sizeof chain) != 0)
            code = err_set(err, ERR_DAMAGED_STATE, "audit log: row %lld is not as it was written",
                           (long long)row.id);
    }
    enum err_code ended = store_end(&query, code ? NULL : err);
    return code ? code : ended;
}
