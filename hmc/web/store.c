// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define STORE_VERSION 1
#define STORE_BUSY_MS 5000 // another process of ours holds the file for some milliseconds at most

// The log's triggers also refuse a row that takes another's number: INSERT OR REPLACE would delete that one
// without calling the trigger for deletions.
static const char schema[] =
    "CREATE TABLE users(name TEXT PRIMARY KEY, role INTEGER NOT NULL, domains TEXT NOT NULL,"
    " salt BLOB NOT NULL, hash BLOB NOT NULL, n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL) STRICT;"
    "CREATE TABLE sessions(id BLOB PRIMARY KEY,"
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, address TEXT NOT NULL,"
    " created INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;"
    "CREATE INDEX sessions_of_user ON sessions(user);"
    "CREATE TABLE attempts(key TEXT PRIMARY KEY, level REAL NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, user TEXT NOT NULL,"
    " address TEXT NOT NULL, run TEXT NOT NULL, what TEXT NOT NULL, outcome TEXT NOT NULL,"
    " text TEXT NOT NULL, chain BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_replace BEFORE INSERT ON audit"
    " WHEN EXISTS(SELECT 1 FROM audit WHERE id = NEW.id) BEGIN"
    " SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    "PRAGMA user_version = 1;";

static enum err_code failed(struct store *store, struct err *err)
{
    int status = sqlite3_errcode(store->db);
    enum err_code code = status == SQLITE_FULL                                 ? ERR_DISK_FULL
                         : status == SQLITE_NOMEM                              ? ERR_MEMORY
                         : status == SQLITE_NOTADB || status == SQLITE_CORRUPT ? ERR_DAMAGED_STATE
                                                                               : ERR_FILE;
    return err_set(err, code, "the console's state cannot be used: %s", sqlite3_errmsg(store->db));
}

static enum err_code exec(struct store *store, const char *sql, struct err *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : failed(store, err);
}

// Two processes may meet here at the first start: the transaction lets one of them make the tables.
static enum err_code prepare(struct store *store, struct err *err)
{
    if (exec(store, "BEGIN IMMEDIATE", err))
        return err->code;
    struct store_query query = store_query(store, "PRAGMA user_version", "");
    int64_t version = store_row(&query) ? store_int(&query, 0) : -1;
    enum err_code code = store_end(&query, err);
    if (!code && version == 0)
        code = exec(store, schema, err);
    else if (!code && version != STORE_VERSION)
        code = err_set(
            err, ERR_DAMAGED_STATE,
            "the console's state is of version %lld, this program's is %d; use --state with another folder",
            (long long)version, STORE_VERSION);
    return store_commit(store, code, err);
}

// The file is made before SQLite sees it, so that nobody else may read it for a moment.
static enum err_code make_file(const char *path, struct err *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (file < 0)
        return err_errno(err, ERR_FILE, "%s", path);
    close(file);
    return ERR_OK;
}

enum err_code store_open(struct store *store, const char *folder, struct err *err)
{
    char path[PATH_MAX_BYTES];
    *store = (struct store){NULL};
    if (snprintf(path, sizeof path, "%s/console.db", folder) >= (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", folder);
    if (make_file(path, err))
        return err->code;
    enum err_code code = ERR_OK;
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        code = err_set(err, ERR_FILE, "%s", store->db ? sqlite3_errmsg(store->db) : "out of memory");
    if (!code) {
        sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
        code = exec(store,
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                    "PRAGMA trusted_schema = OFF;",
                    err);
    }
    if (!code)
        code = prepare(store, err);
    if (code) {
        store_close(store);
        return err_wrap(err, "%s", path);
    }
    return ERR_OK;
}

void store_close(struct store *store)
{
    sqlite3_close(store->db);
    store->db = NULL;
}

// Texts and blobs are copied: a statement may outlive them.
static int bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    int status = SQLITE_OK;
    for (int i = 1; types[i - 1] && status == SQLITE_OK; i++) {
        switch (types[i - 1]) {
        case 'i':
            status = sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
            break;
        case 'r':
            status = sqlite3_bind_double(statement, i, va_arg(values, double));
            break;
        case 't':
            status = sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'b': {
            const void *bytes = va_arg(values, const void *);
            status = sqlite3_bind_blob64(statement, i, bytes, va_arg(values, size_t), SQLITE_TRANSIENT);
            break;
        }
        default:
            np_panic("store: no parameter is of type '%c'", types[i - 1]);
        }
    }
    return status;
}

static struct store_query query_list(struct store *store, const char *sql, const char *types, va_list values)
{
    struct store_query query = {.store = store};
    query.status = sqlite3_prepare_v2(store->db, sql, -1, &query.statement, NULL);
    if (query.status == SQLITE_OK)
        query.status = bind(query.statement, types, values);
    return query;
}

struct store_query store_query(struct store *store, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct store_query query = query_list(store, sql, types, values);
    va_end(values);
    return query;
}

bool store_row(struct store_query *query)
{
    if (query->status == SQLITE_OK || query->status == SQLITE_ROW)
        query->status = sqlite3_step(query->statement);
    return query->status == SQLITE_ROW;
}

enum err_code store_end(struct store_query *query, struct err *err)
{
    bool well = query->status == SQLITE_OK || query->status == SQLITE_ROW || query->status == SQLITE_DONE;
    enum err_code code = well ? ERR_OK : failed(query->store, err);
    sqlite3_finalize(query->statement);
    query->statement = NULL;
    return code;
}

enum err_code store_run(struct store *store, int *changed, struct err *err, const char *sql,
                        const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct store_query query = query_list(store, sql, types, values);
    va_end(values);
    while (store_row(&query))
        continue;
    if (changed)
        *changed = sqlite3_changes(store->db);
    return store_end(&query, err);
}

int64_t store_int(struct store_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

double store_real(struct store_query *query, int column)
{
    return sqlite3_column_double(query->statement, column);
}

const char *store_text(struct store_query *query, int column)
{
    const unsigned char *text = sqlite3_column_text(query->statement, column);
    return text ? (const char *)text : "";
}

bool store_blob(struct store_query *query, int column, void *to, size_t n)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    if (!bytes || (size_t)sqlite3_column_bytes(query->statement, column) != n)
        return false;
    memcpy(to, bytes, n);
    return true;
}

enum err_code store_begin(struct store *store, struct err *err)
{
    return exec(store, "BEGIN IMMEDIATE", err);
}

enum err_code store_commit(struct store *store, enum err_code so_far, struct err *err)
{
    if (!so_far)
        so_far = exec(store, "COMMIT", err);
    if (so_far)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return so_far;
}
