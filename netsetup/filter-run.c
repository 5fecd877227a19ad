// SPDX-License-Identifier: MIT
// Tables are replaced as a whole in one transaction: no packet meets half of one.
#include "netsetup/filter-run.h"

#include "netsetup/nft.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Deleting a table that is not there is an error; making it first is none. */
static char *table_commands(const PifNetStep *step)
{
    return g_strdup_printf("add table %s\ndelete table %s\n%s", step->table, step->table,
                           step->text_to ? step->text_to : "");
}

static char *exception_commands(const PifNetStep *step)
{
    return g_strdup_printf("insert rule %s oifname \"%s\" accept comment \"pifarm:%s\"\n"
                           "insert rule %s iifname \"%s\" accept comment \"pifarm:%s\"\n",
                           step->table, step->link, step->text_to, step->table, step->link,
                           step->text_to);
}

/* The rules have no names, and their handles are known only once they are there. */
static gboolean remove_exception(const PifNetStep *step, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *list = g_strdup_printf("list chain %s", step->table);
    g_autofree char *comment = g_strdup_printf("comment \"pifarm:%s\"", step->text_to);
    g_autoptr(GString) commands = g_string_new(NULL);
    if (!pif_nft_list_handles(list, &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        unsigned long handle;
        const char *found = strstr(*line, "# handle ");
        if (strstr(*line, comment) && found && sscanf(found, "# handle %lu", &handle) == 1)
            g_string_append_printf(commands, "delete rule %s handle %lu\n", step->table, handle);
    }
    return commands->len == 0 || pif_nft_run(commands->str, NULL, error);
}

static gboolean set_forwarding(const char *value, GError **error)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_forward";
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean is_written = fd >= 0 && write(fd, value, strlen(value)) > 0;
    int err = errno;
    if (fd >= 0)
        close(fd);
    if (is_written)
        return TRUE;
    return pif_error_set_errno(error, err, "cannot switch forwarding %s in %s, which lan.nat needs",
                               *value == '1' ? "on" : "off", path);
}

static gboolean run_commands(char *commands, GError **error)
{
    g_autofree char *owned = commands;
    return pif_nft_run(owned, NULL, error);
}

/* A kernel may have tables for IPv4, but none for bridges. */
static gboolean set_table(const PifNetStep *step, GError **error)
{
    if (run_commands(table_commands(step), error))
        return TRUE;
    if (g_str_has_prefix(step->table, "bridge "))
        g_prefix_error(error, "cannot keep nodes to their own addresses; `guard: false` under "
                              "`lan` does without: ");
    return FALSE;
}

gboolean pif_filter_step_run(const PifNetStep *step, GError **error)
{
    switch (step->verb) {
    case PIF_STEP_SET_TABLE:
        return set_table(step, error);
    case PIF_STEP_SET_FORWARDING:
        return set_forwarding(step->text_to, error);
    case PIF_STEP_ADD_EXCEPTION:
        return run_commands(exception_commands(step), error);
    case PIF_STEP_REMOVE_EXCEPTION:
        return remove_exception(step, error);
    case PIF_STEP_ADD_LINK:
    case PIF_STEP_REMOVE_LINK:
    case PIF_STEP_SET_PROPERTY:
    case PIF_STEP_ADD_ADDRESS:
    case PIF_STEP_REMOVE_ADDRESS:
    case PIF_STEP_ADD_ROUTE:
    case PIF_STEP_REMOVE_ROUTE:
    case PIF_STEP_MOVE_ROUTE:
    case PIF_STEP_ADD_ADDRESS6:
    case PIF_STEP_REMOVE_ADDRESS6:
    case PIF_STEP_MOVE_ROUTE6:
        break;
    }
    g_assert_not_reached();
}

static char *format_commands(char *commands)
{
    g_autofree char *owned = commands;
    return g_strdup_printf("nft -f - <<'END'\n%sEND", owned);
}

char *pif_filter_step_format(const PifNetStep *step)
{
    switch (step->verb) {
    case PIF_STEP_SET_TABLE:
        return step->text_to ? format_commands(table_commands(step))
                             : g_strdup_printf("nft delete table %s", step->table);
    case PIF_STEP_SET_FORWARDING:
        return g_strdup_printf("sysctl -w net.ipv4.ip_forward=%s", step->text_to);
    case PIF_STEP_ADD_EXCEPTION:
        return format_commands(exception_commands(step));
    case PIF_STEP_REMOVE_EXCEPTION:
        return g_strdup_printf(
            "nft -a list chain %s | sed -n 's/.*comment \"pifarm:%s\" # handle /delete rule %s "
            "handle /p' | nft -f -",
            step->table, step->text_to, step->table);
    case PIF_STEP_ADD_LINK:
    case PIF_STEP_REMOVE_LINK:
    case PIF_STEP_SET_PROPERTY:
    case PIF_STEP_ADD_ADDRESS:
    case PIF_STEP_REMOVE_ADDRESS:
    case PIF_STEP_ADD_ROUTE:
    case PIF_STEP_REMOVE_ROUTE:
    case PIF_STEP_MOVE_ROUTE:
    case PIF_STEP_ADD_ADDRESS6:
    case PIF_STEP_REMOVE_ADDRESS6:
    case PIF_STEP_MOVE_ROUTE6:
        break;
    }
    g_assert_not_reached();
}
