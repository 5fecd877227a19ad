// SPDX-License-Identifier: MIT
// The state's tables and statements.
#include "pifarm/model/state.h"

#include "pifarm/base/error.h"
#include "pifarm/model/database.h"

#include <string.h>

enum { MAX_EVENT_TEXT = 4096 }; /* bytes; guests and strangers have a hand in it */

/* The triggers keep the newest 10000 events, of each node the newest 100 boots and some 2000
 * records of network boots, and as many of all strangers together. AUTOINCREMENT: a number is never
 * used twice, even when all rows are gone. */
static const char *const migrations[] = {
    "CREATE TABLE wanted (node TEXT PRIMARY KEY, is_on INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE boot ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, node TEXT NOT NULL, started_us INTEGER NOT NULL,"
    "  running_us INTEGER NOT NULL DEFAULT 0, network_us INTEGER NOT NULL DEFAULT 0,"
    "  ready_us INTEGER NOT NULL DEFAULT 0, ended_us INTEGER NOT NULL DEFAULT 0, end_reason TEXT);"
    "CREATE INDEX boot_by_node ON boot (node, number);"
    "CREATE TRIGGER trim_boots AFTER INSERT ON boot BEGIN"
    "  DELETE FROM boot WHERE node = NEW.node AND number <= (SELECT number FROM boot"
    "    WHERE node = NEW.node ORDER BY number DESC LIMIT 1 OFFSET 100); END;"
    "CREATE TABLE event ("
    "  sequence INTEGER PRIMARY KEY AUTOINCREMENT, time_us INTEGER NOT NULL, node TEXT,"
    "  kind TEXT NOT NULL, text TEXT NOT NULL);"
    "CREATE INDEX event_by_node ON event (node, sequence);"
    "CREATE TRIGGER trim_events AFTER INSERT ON event BEGIN"
    "  DELETE FROM event WHERE sequence <= NEW.sequence - 10000; END",
    "CREATE TABLE fault (node TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE netboot ("
    "  sequence INTEGER PRIMARY KEY AUTOINCREMENT, time_us INTEGER NOT NULL, node TEXT,"
    "  kind TEXT NOT NULL, text TEXT NOT NULL);"
    "CREATE INDEX netboot_by_node ON netboot (node, sequence);"
    "CREATE TRIGGER trim_netboot AFTER INSERT ON netboot WHEN NEW.sequence % 64 = 0 BEGIN"
    "  DELETE FROM netboot WHERE node IS NEW.node AND sequence <= (SELECT sequence FROM netboot"
    "    WHERE node IS NEW.node ORDER BY sequence DESC LIMIT 1 OFFSET 2000); END",
    NULL,
};

typedef enum {
    SET_WANTED,
    GET_WANTED,
    BEGIN_BOOT,
    SET_RUNNING,
    SET_NETWORK,
    SET_READY,
    END_BOOT,
    GET_BOOT,
    ADD_EVENT,
    LIST_EVENTS,
    ADD_NETBOOT,
    LIST_NETBOOT,
    SET_FAULT,
    GET_FAULT,
    CLEAR_FAULTS,
} Statement;

#define ADD_TO(log) "INSERT INTO " log " (time_us, node, kind, text) VALUES (?1, ?2, ?3, ?4)"
#define LIST_OF(log)                                                                               \
    "SELECT sequence, time_us, node, kind, text FROM " log                                         \
    " WHERE sequence > ?1 AND (?2 IS NULL OR node = ?2) ORDER BY sequence LIMIT ?3"
#define NEWEST_BOOT "number = (SELECT max(number) FROM boot WHERE node = ?1) AND ended_us = 0"

static const char *const statements[] = {
    [SET_WANTED] =
        "INSERT INTO wanted VALUES (?1, ?2)"
        " ON CONFLICT DO UPDATE SET is_on = excluded.is_on WHERE is_on != excluded.is_on",
    [GET_WANTED] = "SELECT is_on FROM wanted WHERE node = ?1",
    [BEGIN_BOOT] = "INSERT INTO boot (node, started_us) VALUES (?1, ?2)",
    [SET_RUNNING] = "UPDATE boot SET running_us = ?2 WHERE running_us = 0 AND " NEWEST_BOOT,
    [SET_NETWORK] = "UPDATE boot SET network_us = ?2 WHERE network_us = 0 AND " NEWEST_BOOT,
    [SET_READY] = "UPDATE boot SET ready_us = ?2 WHERE ready_us = 0 AND " NEWEST_BOOT,
    [END_BOOT] = "UPDATE boot SET ended_us = ?2, end_reason = ?3 WHERE " NEWEST_BOOT,
    [GET_BOOT] = "SELECT number, started_us, running_us, network_us, ready_us, ended_us, end_reason"
                 " FROM boot WHERE node = ?1 ORDER BY number DESC LIMIT 1",
    [ADD_EVENT] = ADD_TO("event"),
    [LIST_EVENTS] = LIST_OF("event"),
    [ADD_NETBOOT] = ADD_TO("netboot"),
    [LIST_NETBOOT] = LIST_OF("netboot"),
    [SET_FAULT] =
        "INSERT INTO fault VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = excluded.text",
    [GET_FAULT] = "SELECT text FROM fault WHERE node = ?1",
    [CLEAR_FAULTS] = "DELETE FROM fault",
};

static const PifDatabaseSchema schema = {
    migrations,
    statements,
    G_N_ELEMENTS(statements),
    "which nodes are wanted on, faults of their cables, boot times and events (nodes, cards and "
    "images are not in it)",
};

struct PifState {
    PifDatabase *database;
};

PifState *pif_state_open(const char *path, GError **error)
{
    PifDatabase *database = pif_database_open(path, &schema, error);
    if (!database)
        return NULL;
    PifState *state = g_new0(PifState, 1);
    state->database = database;
    return state;
}

void pif_state_free(PifState *state)
{
    if (!state)
        return;
    pif_database_free(state->database);
    g_free(state);
}

static char *copy_text(sqlite3_stmt *query, int column)
{
    return g_strdup((const char *)sqlite3_column_text(query, column));
}

gboolean pif_state_set_wanted(PifState *state, const char *node, gboolean is_on, GError **error)
{
    if (!pif_database_set_durable(state->database, TRUE, error))
        return FALSE;
    gboolean is_ok =
        pif_database_run(state->database, SET_WANTED, error, "si", node, (gint64) !!is_on);
    return pif_database_set_durable(state->database, FALSE, is_ok ? error : NULL) && is_ok;
}

gboolean pif_state_get_wanted(PifState *state, const char *node, gboolean *ret_is_on,
                              GError **error)
{
    gboolean has_row;
    sqlite3_stmt *query = pif_database_query(state->database, GET_WANTED, error, "s", node);
    if (!query || !pif_database_next(state->database, query, &has_row, error))
        return FALSE;
    *ret_is_on = has_row && sqlite3_column_int(query, 0);
    sqlite3_reset(query);
    return TRUE;
}

gboolean pif_state_set_fault(PifState *state, const char *node, const char *text, GError **error)
{
    return pif_database_run(state->database, SET_FAULT, error, "ss", node, text);
}

gboolean pif_state_get_fault(PifState *state, const char *node, char **ret_text, GError **error)
{
    gboolean has_row;
    sqlite3_stmt *query = pif_database_query(state->database, GET_FAULT, error, "s", node);
    if (!query || !pif_database_next(state->database, query, &has_row, error))
        return FALSE;
    *ret_text = has_row ? copy_text(query, 0) : g_strdup("");
    sqlite3_reset(query);
    return TRUE;
}

gboolean pif_state_clear_faults(PifState *state, GError **error)
{
    return pif_database_run(state->database, CLEAR_FAULTS, error, "");
}

gboolean pif_state_begin_boot(PifState *state, const char *node, gint64 time_us, GError **error)
{
    return pif_database_run(state->database, BEGIN_BOOT, error, "si", node, time_us);
}

gboolean pif_state_set_boot_stage(PifState *state, const char *node, const char *stage,
                                  gint64 time_us, GError **error)
{
    static const struct {
        const char *stage;
        Statement statement;
    } stages[] = {{"running", SET_RUNNING}, {"network", SET_NETWORK}, {"ready", SET_READY}};
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        if (strcmp(stage, stages[i].stage) == 0)
            return pif_database_run(state->database, stages[i].statement, error, "si", node,
                                    time_us);
    return pif_error_set(error, PIF_ERROR_USAGE, "no boot stage '%s'", stage);
}

gboolean pif_state_end_boot(PifState *state, const char *node, gint64 time_us, const char *reason,
                            GError **error)
{
    return pif_database_run(state->database, END_BOOT, error, "sis", node, time_us, reason);
}

void pif_boot_free(PifBoot *boot)
{
    if (!boot)
        return;
    g_free(boot->end_reason);
    g_free(boot);
}

gboolean pif_state_get_boot(PifState *state, const char *node, PifBoot **ret_boot, GError **error)
{
    gboolean has_row;
    sqlite3_stmt *query = pif_database_query(state->database, GET_BOOT, error, "s", node);
    if (!query || !pif_database_next(state->database, query, &has_row, error))
        return FALSE;
    *ret_boot = NULL;
    if (has_row) {
        PifBoot *boot = g_new0(PifBoot, 1);
        boot->number = sqlite3_column_int64(query, 0);
        boot->started_us = sqlite3_column_int64(query, 1);
        boot->running_us = sqlite3_column_int64(query, 2);
        boot->network_us = sqlite3_column_int64(query, 3);
        boot->ready_us = sqlite3_column_int64(query, 4);
        boot->ended_us = sqlite3_column_int64(query, 5);
        boot->end_reason = copy_text(query, 6);
        *ret_boot = boot;
    }
    sqlite3_reset(query);
    return TRUE;
}

void pif_event_free(PifEvent *event)
{
    if (!event)
        return;
    g_free(event->node);
    g_free(event->kind);
    g_free(event->text);
    g_free(event);
}

/* At most MAX_EVENT_TEXT bytes of valid UTF-8. */
static char *limit_text(const char *text)
{
    return g_utf8_make_valid(text, (gssize)strnlen(text, MAX_EVENT_TEXT));
}

static const struct {
    Statement add;
    Statement list;
} logs[] = {
    [PIF_STATE_EVENTS] = {ADD_EVENT, LIST_EVENTS},
    [PIF_STATE_NETBOOT] = {ADD_NETBOOT, LIST_NETBOOT},
};

gboolean pif_state_add_event(PifState *state, PifStateLog log, PifEvent *event, GError **error)
{
    g_autofree char *limited = limit_text(event->text);
    if (!pif_database_run(state->database, logs[log].add, error, "isss", event->time_us,
                          event->node, event->kind, limited))
        return FALSE;
    event->sequence = pif_database_last_row(state->database);
    return TRUE;
}

static PifEvent *read_event(sqlite3_stmt *query)
{
    PifEvent *event = g_new0(PifEvent, 1);
    event->sequence = sqlite3_column_int64(query, 0);
    event->time_us = sqlite3_column_int64(query, 1);
    event->node = copy_text(query, 2);
    event->kind = copy_text(query, 3);
    event->text = copy_text(query, 4);
    return event;
}

static void free_event(gpointer event)
{
    pif_event_free(event);
}

GPtrArray *pif_state_list_events(PifState *state, PifStateLog log, const char *node, gint64 after,
                                 unsigned limit, GError **error)
{
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(free_event);
    sqlite3_stmt *query = pif_database_query(state->database, logs[log].list, error, "isi", after,
                                             node, (gint64)limit);
    if (!query)
        return NULL;
    for (;;) {
        gboolean has_row;
        if (!pif_database_next(state->database, query, &has_row, error))
            return NULL;
        if (!has_row)
            return g_steal_pointer(&events);
        g_ptr_array_add(events, read_event(query));
    }
}
