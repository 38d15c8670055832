// SPDX-License-Identifier: Apache-2.0
// What the console keeps: users, sessions, failed logins and the audit log, in one SQLite file. A change is
// on the disk when the call returns (write-ahead log, synchronous=FULL), so that a killed console has lost
// nothing. Several processes may have it open: the server, and `numaplex hmc user`.
#ifndef NP_HMC_WEB_STORE_H
#define NP_HMC_WEB_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

struct store {
    sqlite3 *db;
};

// Opens FOLDER/console.db, and makes it (mode 0600) when it is not there. ERR_FILE, ERR_DAMAGED_STATE for a
// file of another version or none of ours.
enum err_code store_open(struct store *store, const char *folder, struct err *err);
void store_close(struct store *store);

// Runs a statement. `types` has a letter for each parameter: i int64_t, r double, t const char *, b const
// void
// * and size_t. `changed` (or NULL) gets the number of rows.
enum err_code store_run(struct store *store, int *changed, struct err *err, const char *sql,
                        const char *types, ...);

// A statement with its parameters, to be stepped through by store_row() until that is false; store_end() then
// frees it and says whether all went well.
struct store_query {
    sqlite3_stmt *statement;
    struct store *store;
    int status; // of SQLite
};
struct store_query store_query(struct store *store, const char *sql, const char *types, ...);
bool store_row(struct store_query *query);
enum err_code store_end(struct store_query *query, struct err *err);

// Columns of the row that store_row() has found.
int64_t store_int(struct store_query *query, int column);
double store_real(struct store_query *query, int column);
const char *store_text(struct store_query *query, int column); // never NULL
// Copies a blob of exactly n bytes; false when it has another length.
bool store_blob(struct store_query *query, int column, void *to, size_t n);

// What belongs together: all of it is kept, or nothing. Commit rolls back when it is called with an error.
enum err_code store_begin(struct store *store, struct err *err);
enum err_code store_commit(struct store *store, enum err_code so_far, struct err *err);

#endif
