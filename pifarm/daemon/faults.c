// SPDX-License-Identifier: MIT
// Faults: their words in the state, the rest in the kernel.
#include "pifarm/daemon/faults.h"

#include "netsetup/fault.h"

char *pif_faults_get(PifDaemon *daemon, const PifNode *node)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    if (pif_state_get_fault(daemon->state, node->name, &text, &error))
        return text;
    g_warning("%s: %s", node->name, error->message);
    return g_strdup("");
}

gboolean pif_faults_restore(PifDaemon *daemon, const PifNode *node, GError **error)
{
    PifFault fault;
    g_autofree char *text = pif_faults_get(daemon, node);
    return !*text || (pif_fault_parse(text, &fault, error) &&
                      pif_net_set_fault(daemon->farm->name, node->name, &fault, error));
}

gboolean pif_faults_set(PifDaemon *daemon, const PifNode *node, const char *text, GError **error)
{
    PifFault fault;
    if (!pif_fault_parse(text, &fault, error))
        return FALSE;
    g_autofree char *plain = pif_fault_format(&fault);
    if (!pif_net_set_fault(daemon->farm->name, node->name, &fault, error) ||
        !pif_state_set_fault(daemon->state, node->name, plain, error)) {
        pif_faults_restore(daemon, node, NULL);
        return FALSE;
    }
    pif_daemon_add_event(daemon, node->name, "fault", "%s", *plain ? plain : "cleared");
    return TRUE;
}
