// SPDX-License-Identifier: MIT
// The program `pifarmd`: the daemon of one farm.
#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/log.h"
#include "pifarm/base/paths.h"
#include "pifarm/daemon/api.h"
#include "pifarm/daemon/open.h"
#include "pifarm/model/farm-net.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

/* Whoever starts us waits at this descriptor for "ok" or an error: "<code> <message>". */
static void tell_starter(int ready_fd, const GError *error)
{
    if (ready_fd < 0)
        return;
    g_autofree char *text =
        error ? g_strdup_printf("%s %s",
                                pif_error_code_name((PifErrorCode)pif_error_exit_status(error)),
                                error->message)
              : g_strdup("ok");
    if (write(ready_fd, text, strlen(text)) < 0)
        g_warning("nobody waits for us to be ready");
    close(ready_fd);
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean take_lock(const char *farm, PifFd *ret_lock, GError **error)
{
    g_autofree char *path = pif_paths_farm_lock(farm);
    g_autofree char *what = g_strdup_printf("farm '%s'", farm);
    return pif_paths_make_runtime_dir(error) &&
           pif_file_lock(path, TRUE, FALSE, what, ret_lock, error);
}

/* Before there is a second thread. */
static gboolean enter_network(const PifFarm *farm, PifUndo *undo, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(farm);
    return pif_rootless_make(&net->spec, undo, error);
}

static gboolean start(const char *farm_path, PifFd *lock, PifDaemon **ret_daemon, PifApi **ret_api,
                      GError **error)
{
    g_autoptr(PifUndo) undo = pif_undo_new();
    g_autoptr(PifFarm) farm = pif_farm_load(farm_path, error);
    if (!farm || !take_lock(farm->name, lock, error) || !enter_network(farm, undo, error))
        return FALSE;
    g_autofree char *socket = pif_paths_farm_socket(farm->name);
    g_autoptr(PifDaemon) daemon = pif_daemon_open(farm_path, error);
    if (!daemon)
        return FALSE;
    *ret_api = pif_api_new(daemon, socket, error);
    if (!*ret_api)
        return FALSE;
    *ret_daemon = g_steal_pointer(&daemon);
    pif_undo_commit(undo);
    return TRUE;
}

static void run(PifDaemon *daemon, PifApi *api)
{
    g_unix_signal_add(SIGTERM, on_signal, daemon->loop);
    g_unix_signal_add(SIGINT, on_signal, daemon->loop);
    pif_rootless_keep(daemon->farm->name);
    g_main_loop_run(daemon->loop);
    pif_api_free(api);
    /* answers that are on their way go out */
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

int main(int argc, char **argv)
{
    int ready_fd = -1;
    int verbosity = 1;
    g_autofree char *farm_path = NULL;
    const GOptionEntry entries[] = {
        {"farm", 'f', 0, G_OPTION_ARG_FILENAME, &farm_path, "the farm.yaml to run", "FILE"},
        {"ready-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &ready_fd, NULL, NULL},
        {"verbosity", 0, 0, G_OPTION_ARG_INT, &verbosity, "0 to 3", "N"},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context,
                                 "The daemon of one farm. `pifarm` starts it when needed.");
    g_option_context_add_main_entries(context, entries, NULL);
    pif_log_init("pifarmd", verbosity);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        pif_log_error(error);
        return PIF_ERROR_USAGE;
    }
    pif_log_init("pifarmd", verbosity);
    g_autofree char *found = NULL;
    g_auto(PifFd) lock = -1;
    g_autoptr(PifDaemon) daemon = NULL;
    PifApi *api = NULL;
    gboolean is_started =
        pif_farm_find_file(farm_path, &found, &error) && start(found, &lock, &daemon, &api, &error);
    tell_starter(ready_fd, error);
    if (!is_started) {
        pif_log_error(error);
        return pif_error_exit_status(error);
    }
    run(daemon, api);
    return 0;
}
