// SPDX-License-Identifier: MIT
// pifarm-netbootd: the netboot server as a process of its own.
#include "hw/netboot/server/serve.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"

static gboolean parse(int *argc, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, pif_serve_option_entries(), NULL);
    g_option_context_add_main_entries(context, pif_serve_dhcp_option_entries(), NULL);
    g_option_context_add_main_entries(context, pif_serve_file_option_entries(), NULL);
    g_option_context_set_description(context, pif_serve_description);
    GError *failure = NULL;
    if (!g_option_context_parse(context, argc, argv, &failure)) {
        pif_error_set(error, PIF_ERROR_USAGE, "%s; see: pifarm-netbootd --help", failure->message);
        g_error_free(failure);
        return FALSE;
    }
    if (*argc > 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is one argument too many", (*argv)[1]);
    return pif_serve_options_check(pif_serve_options_get(), error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    pif_log_init("pifarm-netbootd", 1);
    if (parse(&argc, &argv, &error) && pif_serve(pif_serve_options_get(), &error))
        return 0;
    pif_log_error(error);
    return pif_error_exit_status(error);
}
