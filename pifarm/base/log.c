// SPDX-License-Identifier: MIT
// A structured-log writer: GLib's own for the journal, a terse one for standard error.
#include "pifarm/base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GLogLevelFlags threshold; /* the least severe level that is shown */
    gboolean is_journal;
} LogSettings;

static const char *program_name = "pifarm";

static const char *level_word(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "internal error: ";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning: ";
    if (level & G_LOG_LEVEL_DEBUG)
        return "debug: ";
    return "";
}

static const char *field_value(const GLogField *fields, gsize count, const char *key)
{
    for (gsize i = 0; i < count; i++)
        if (g_str_equal(fields[i].key, key))
            return fields[i].value;
    return NULL;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer data)
{
    const LogSettings *settings = data;
    if ((level & G_LOG_LEVEL_MASK) > settings->threshold)
        return G_LOG_WRITER_HANDLED;
    if (settings->is_journal)
        return g_log_writer_journald(level, fields, count, NULL);
    const char *message = field_value(fields, count, "MESSAGE");
    fprintf(stderr, "%s: %s%s\n", program_name, level_word(level), message ? message : "");
    return G_LOG_WRITER_HANDLED;
}

void pif_log_init(const char *program, int verbosity)
{
    static const GLogLevelFlags thresholds[] = {
        G_LOG_LEVEL_WARNING,
        G_LOG_LEVEL_MESSAGE,
        G_LOG_LEVEL_INFO,
        G_LOG_LEVEL_DEBUG,
    };
    static LogSettings settings;
    static gboolean has_writer; /* GLib takes one, once */
    program_name = program;
    settings.threshold = thresholds[CLAMP(verbosity, 0, 3)];
    settings.is_journal = g_log_writer_is_journald(STDERR_FILENO);
    g_set_prgname(program);
    if (!has_writer)
        g_log_set_writer_func(write_log, &settings, NULL);
    has_writer = TRUE;
}

void pif_log_error(const GError *error)
{
    /* several lines are a file's mistakes: each begins with its place, as editors want it */
    if (strchr(error->message, '\n'))
        fprintf(stderr, "%s\n", error->message);
    else
        fprintf(stderr, "%s: %s\n", program_name, error->message);
}
