// SPDX-License-Identifier: MIT
// SQLite opened, migrated, and its errors told in words.
#include "pifarm/model/database.h"

#include "pifarm/base/error.h"

#include <stdarg.h>

enum { BUSY_TIMEOUT_MS = 5000 };

struct PifDatabase {
    sqlite3 *handle;
    char *path;
    const PifDatabaseSchema *schema;
    sqlite3_stmt **prepared; /* by statement; NULL: not used yet */
};

static gboolean fail_damaged(const PifDatabase *database, const char *reason, GError **error)
{
    const char *path = database->path;
    return pif_error_set(
        error, PIF_ERROR_PROTOCOL,
        "%s is damaged (%s): move it aside with its -wal and -shm files (for example "
        "mv %s %s.damaged) and try again; lost with it: %s",
        path, reason, path, path, database->schema->loss);
}

static gboolean fail(const PifDatabase *database, GError **error)
{
    const char *path = database->path, *reason = sqlite3_errmsg(database->handle);
    switch (sqlite3_errcode(database->handle)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail_damaged(database, reason, error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return pif_error_set(error, PIF_ERROR_BUSY, "%s is locked by another process", path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return pif_error_set(error, PIF_ERROR_DENIED, "%s cannot be written: %s", path, reason);
    case SQLITE_CANTOPEN:
        return pif_error_set_errno(error, sqlite3_system_errno(database->handle), "cannot open %s",
                                   path);
    default:
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "%s: %s", path, reason);
    }
}

static gboolean execute(PifDatabase *database, const char *sql, GError **error)
{
    return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(database, error);
}

static int store_text(void *data, int n_columns, char **values, char **names)
{
    char **text = data;
    g_free(*text);
    *text = g_strdup(values[0]);
    return 0;
}

/* The one value that a PRAGMA gives. */
static gboolean ask(PifDatabase *database, const char *sql, char **ret_answer, GError **error)
{
    g_autofree char *answer = NULL;
    if (sqlite3_exec(database->handle, sql, store_text, &answer, NULL) != SQLITE_OK)
        return fail(database, error);
    *ret_answer = g_steal_pointer(&answer);
    return TRUE;
}

static gboolean check(PifDatabase *database, GError **error)
{
    g_autofree char *answer = NULL;
    if (!ask(database, "PRAGMA quick_check(1)", &answer, error))
        return FALSE;
    return g_strcmp0(answer, "ok") == 0 || fail_damaged(database, answer, error);
}

static gboolean migrate_from(PifDatabase *database, guint64 version, GError **error)
{
    const char *const *migrations = database->schema->migrations;
    unsigned n_versions = g_strv_length((char **)migrations);
    if (version > n_versions)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "%s was written by a newer pifarm (version %" G_GUINT64_FORMAT
                             ", this one knows %u): use that one",
                             database->path, version, n_versions);
    for (; version < n_versions; version++)
        if (!execute(database, migrations[version], error))
            return FALSE;
    g_autofree char *sql = g_strdup_printf("PRAGMA user_version = %u", n_versions);
    return execute(database, sql, error);
}

/* All in one transaction, so that a kill in between leaves the old version, and a second process
 * waits. */
static gboolean migrate(PifDatabase *database, GError **error)
{
    g_autofree char *version = NULL;
    if (!execute(database, "BEGIN IMMEDIATE", error))
        return FALSE;
    if (ask(database, "PRAGMA user_version", &version, error) &&
        migrate_from(database, g_ascii_strtoull(version, NULL, 10), error) &&
        execute(database, "COMMIT", error))
        return TRUE;
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

PifDatabase *pif_database_open(const char *path, const PifDatabaseSchema *schema, GError **error)
{
    g_autoptr(PifDatabase) database = g_new0(PifDatabase, 1);
    database->path = g_strdup(path);
    database->schema = schema;
    database->prepared = g_new0(sqlite3_stmt *, schema->n_statements);
    if (sqlite3_open_v2(path, &database->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        NULL) != SQLITE_OK) {
        fail(database, error);
        return NULL;
    }
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    if (!execute(database, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON", error) ||
        !pif_database_set_durable(database, FALSE, error) || !check(database, error) ||
        !migrate(database, error))
        return NULL;
    return g_steal_pointer(&database);
}

void pif_database_free(PifDatabase *database)
{
    if (!database)
        return;
    for (unsigned i = 0; i < database->schema->n_statements; i++)
        sqlite3_finalize(database->prepared[i]);
    sqlite3_close(database->handle);
    g_free(database->prepared);
    g_free(database->path);
    g_free(database);
}

/* SQLite: NORMAL loses no committed transaction when the process dies, but may when the power does.
 */
gboolean pif_database_set_durable(PifDatabase *database, gboolean is_durable, GError **error)
{
    return execute(database,
                   is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error);
}

static int bind_one(sqlite3_stmt *query, int index, char type, va_list *arguments)
{
    switch (type) {
    case 's':
        return sqlite3_bind_text(query, index, va_arg(*arguments, const char *), -1,
                                 SQLITE_TRANSIENT);
    case 'i':
        return sqlite3_bind_int64(query, index, va_arg(*arguments, gint64));
    default:
        g_error("no parameter type '%c'", type);
    }
}

static sqlite3_stmt *prepare(PifDatabase *database, unsigned statement, GError **error,
                             const char *types, va_list *arguments)
{
    sqlite3_stmt **query = &database->prepared[statement];
    const char *sql = database->schema->statements[statement];
    if (!*query && sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, query,
                                      NULL) != SQLITE_OK) {
        fail(database, error);
        return NULL;
    }
    sqlite3_reset(*query);
    for (int i = 0; types[i]; i++)
        if (bind_one(*query, i + 1, types[i], arguments) != SQLITE_OK) {
            fail(database, error);
            return NULL;
        }
    return *query;
}

sqlite3_stmt *pif_database_query(PifDatabase *database, unsigned statement, GError **error,
                                 const char *types, ...)
{
    va_list arguments;
    va_start(arguments, types);
    sqlite3_stmt *query = prepare(database, statement, error, types, &arguments);
    va_end(arguments);
    return query;
}

gboolean pif_database_next(PifDatabase *database, sqlite3_stmt *query, gboolean *ret_has_row,
                           GError **error)
{
    int result = sqlite3_step(query);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fail(database, error);
    if (result != SQLITE_ROW)
        sqlite3_reset(query);
    *ret_has_row = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE;
}

gboolean pif_database_run(PifDatabase *database, unsigned statement, GError **error,
                          const char *types, ...)
{
    gboolean has_row;
    va_list arguments;
    va_start(arguments, types);
    sqlite3_stmt *query = prepare(database, statement, error, types, &arguments);
    va_end(arguments);
    return query && pif_database_next(database, query, &has_row, error);
}

gint64 pif_database_last_row(const PifDatabase *database)
{
    return sqlite3_last_insert_rowid(database->handle);
}
