// SPDX-License-Identifier: MIT
// Reads what packet filters a host has: pifarm's tables, chains of others that drop what is
// forwarded, and whether it forwards at all.
#include "netsetup/filters.h"
#include "netsetup/nft.h"
#include "pifarm/base/file.h"

#include <stdio.h>
#include <string.h>

#define TABLE_PREFIX "pifarm_"

/* "table ip pifarm_lab" */
static void add_table(PifNetState *state, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    if (g_strv_length(words) != 3 || !g_str_has_prefix(words[2], TABLE_PREFIX))
        return;
    PifTableState *table = g_new0(PifTableState, 1);
    table->name = g_strdup_printf("%s %s", words[1], words[2]);
    g_autofree char *command = g_strdup_printf("list table %s", table->name);
    if (!pif_nft_run(command, &table->text, NULL))
        table->text = g_strdup("");
    g_ptr_array_add(state->tables, table);
}

static void read_tables(PifNetState *state)
{
    g_autofree char *list = NULL;
    pif_nft_run("list tables", &list, NULL);
    g_auto(GStrv) lines = g_strsplit(list ? list : "", "\n", -1);
    for (char **line = lines; *line; line++)
        add_table(state, *line);
}

static gboolean is_exception(const char *line, unsigned long *ret_handle, char **ret_farm)
{
    const char *comment = strstr(line, "comment \"pifarm:");
    const char *handle = strstr(line, "# handle ");
    if (!comment || !handle || sscanf(handle, "# handle %lu", ret_handle) != 1)
        return FALSE;
    comment += strlen("comment \"pifarm:");
    *ret_farm = g_strndup(comment, strcspn(comment, "\""));
    return TRUE;
}

static void add_exceptions(PifNetState *state, const char *chain)
{
    g_autofree char *text = NULL;
    g_autofree char *command = g_strdup_printf("list chain %s", chain);
    if (!pif_nft_list_handles(command, &text, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        PifExceptionState exception = {0};
        if (!is_exception(*line, &exception.handle, &exception.farm))
            continue;
        exception.chain = g_strdup(chain);
        g_array_append_val(state->exceptions, exception);
    }
}

static void on_chain(const char *chain, gboolean drops, gpointer data)
{
    PifNetState *state = data;
    if (drops)
        g_ptr_array_add(state->dropping_chains, g_strdup(chain));
    add_exceptions(state, chain);
}

static gboolean reads_one(const char *path)
{
    enum { MAX_SIZE = 16 };
    g_autofree char *text = NULL;
    return pif_file_read(path, MAX_SIZE, &text, NULL, NULL) && text[0] == '1';
}

void pif_net_state_read_filters(PifNetState *state)
{
    state->is_forwarding = reads_one("/proc/sys/net/ipv4/ip_forward");
    /* first, as libnftables prints what it is refused, whatever it was told */
    state->are_filters_known = pif_filters_visit_forward_chains(on_chain, state);
    if (state->are_filters_known)
        read_tables(state);
}
