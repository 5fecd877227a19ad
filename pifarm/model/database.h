// SPDX-License-Identifier: MIT
// SQLite in a few calls: open and migrate a file, run prepared statements, tell errors in words.
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct PifDatabase PifDatabase;

/* What a file is for. All arrays are static. */
typedef struct {
    const char *const *migrations; /* SQL that makes version n+1 of version n; NULL-terminated */
    const char *const *statements; /* SQL, prepared when first used */
    unsigned n_statements;
    const char *loss; /* for the message about a damaged file: what is lost with it */
} PifDatabaseSchema;

/* WAL, checked, migrated. A process killed at any moment leaves the file whole, with all that was
 * committed. Fails with PROTOCOL when the file is damaged or no database, CONFIG when a newer
 * version made it, BUSY when another process kept it locked for five seconds. */
PifDatabase *pif_database_open(const char *path, const PifDatabaseSchema *schema, GError **error);
void pif_database_free(PifDatabase *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDatabase, pif_database_free)

/* TRUE: a commit returns when the disk has it, so that it survives a power loss too. */
gboolean pif_database_set_durable(PifDatabase *database, gboolean is_durable, GError **error);

/* Runs a statement that gives no rows. types has a letter for each parameter: 's' a const char *
 * (NULL: a NULL), 'i' a gint64. */
gboolean pif_database_run(PifDatabase *database, unsigned statement, GError **error,
                          const char *types, ...);
gint64 pif_database_last_row(const PifDatabase *database);

/* The same for rows: the statement with its parameters, for pif_database_next(); NULL on failure.
 */
sqlite3_stmt *pif_database_query(PifDatabase *database, unsigned statement, GError **error,
                                 const char *types, ...);
/* TRUE, with *ret_has_row FALSE after the last. Read columns with sqlite3_column_...(). After the
 * last row, at an error, and by the next query of it the statement is reset; who reads fewer rows
 * calls sqlite3_reset(), as an open read keeps the WAL from shrinking. */
gboolean pif_database_next(PifDatabase *database, sqlite3_stmt *query, gboolean *ret_has_row,
                           GError **error);
