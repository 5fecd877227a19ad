// SPDX-License-Identifier: MIT
// known_hosts as sshd(8) has it: a line a node, with all the names by which it is reached.
#include "pifarm/daemon/known-hosts.h"

#include "pifarm/base/file.h"

enum { MAX_KEY_SIZE = 4096 };

/* "n1,n1.lab,10.77.0.11,[127.0.0.1]:5701 ssh-ed25519 AAAA..." */
static void append_known_host(GString *text, const PifDaemon *daemon, const PifNode *node)
{
    g_autofree char *card = pif_daemon_card_path(daemon, node);
    g_autofree char *key_path = g_strconcat(card, ".pub", NULL);
    g_autofree char *key = NULL;
    g_autofree char *address = pif_ipv4_format(node->address);
    if (pif_file_read(key_path, MAX_KEY_SIZE, &key, NULL, NULL))
        g_string_append_printf(text, "%s,%s.%s,%s,[127.0.0.1]:%u %s\n", node->name, node->name,
                               daemon->farm->name, address, node->ssh_port, g_strstrip(key));
}

gboolean pif_known_hosts_write(const PifDaemon *daemon, GError **error)
{
    g_autofree char *path = g_build_filename(daemon->directory, "known_hosts", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < daemon->farm->nodes->len; i++)
        append_known_host(text, daemon, g_ptr_array_index(daemon->farm->nodes, i));
    return pif_file_write(path, text->str, -1, 0644, error);
}
