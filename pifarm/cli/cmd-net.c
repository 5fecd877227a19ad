// SPDX-License-Identifier: MIT
// pifarm net: its commands as a table, and those that change the farm's links.
#include "pifarm/cli/cmd-net.h"

#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/client.h"
#include "pifarm/cli/group.h"
#include "pifarm/model/farm-net.h"

#include <stdio.h>

const PifCliCommand pif_net_commands[] = {
    {"plan", "print what would be changed on this host", "", pif_net_cmd_plan},
    {"up", "make the bridge and what joins it, without nodes", "", pif_net_cmd_up},
    {"show", "list the links of the farm", "", pif_net_cmd_show},
    {"capture", "write what crosses a node's link, for Wireshark", "NODE", pif_net_cmd_capture},
    {"fault", "make nodes' cables lose, delay, slow down, or unplug them", "[NODE... [FAULT...]]",
     pif_net_cmd_fault},
    {"hosts", "print nodes' names as /etc/hosts has them, or put them there", "",
     pif_net_cmd_hosts},
    {"exec", "run a command where the farm's network is", "COMMAND...", pif_net_cmd_exec},
    {"shell", "start a shell where the farm's network is", "", pif_net_cmd_shell},
    {"down", "remove what the farm made, and give back what it used", "", pif_net_cmd_down},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "net",
    pif_net_commands,
    "The farm's network on this host.",
    "pifarm up and pifarm down see to it too.",
};

gboolean pif_cmd_net(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}

gboolean pif_net_parse(PifCli *cli, const GOptionEntry *options, const char *description, int *argc,
                       char ***argv, GError **error)
{
    return pif_cli_parse_in_group(&group, options, description, argc, argv, error) &&
           pif_cli_need_argument(&group, *argv, error) && pif_cli_load_farm(cli, error) &&
           pif_rootless_enter(cli->farm->name, error);
}

static const char force_text[] = "let an uplink join that this host may be cut off by";

gboolean pif_net_cmd_plan(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_down = FALSE, is_forced = FALSE;
    const GOptionEntry entries[] = {
        {"down", 'd', 0, G_OPTION_ARG_NONE, &is_down, "what pifarm net down would do", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &is_forced, force_text, NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Prints the commands that would do the same, in their order, and nothing when all is as\n"
        "farm.yaml has it. Needs no root and changes nothing.";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(PifFarmNet) net = pif_farm_net_new(cli->farm);
    net->spec.is_uplink_forced = is_forced;
    g_autoptr(PifNetPlan) plan =
        is_down ? pif_net_plan_down(&net->spec, error) : pif_net_plan_up(&net->spec, error);
    if (!plan)
        return FALSE;
    g_autofree char *text = pif_net_plan_format(plan);
    fputs(text, stdout);
    return TRUE;
}

/* Whoever has the lock has made them already, or does so now. */
static gboolean make_namespaces(const PifFarmNet *net, PifUndo *undo, GError **error)
{
    g_autofree char *path = pif_paths_farm_lock(net->spec.farm);
    g_auto(PifFd) lock = -1;
    return pif_paths_make_runtime_dir(error) &&
           pif_file_lock(path, TRUE, TRUE, "the farm", &lock, error) &&
           pif_rootless_make(&net->spec, undo, error);
}

static gboolean bring_up(const PifFarmNet *net, GError **error)
{
    g_autofree char *lock = pif_paths_network_lock();
    g_autoptr(PifUndo) undo = pif_undo_new();
    if ((pif_rootless_applies() && !make_namespaces(net, undo, error)) ||
        !pif_net_up(&net->spec, lock, error))
        return FALSE;
    pif_undo_commit(undo);
    return TRUE;
}

gboolean pif_net_cmd_up(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_forced = FALSE;
    const GOptionEntry entries[] = {
        {"force", 0, 0, G_OPTION_ARG_NONE, &is_forced, force_text, NULL}, G_OPTION_ENTRY_NULL};
    static const char description[] =
        "What pifarm up does before it turns nodes on; done twice it changes nothing. When it "
        "fails\n"
        "half-way, the host is as it was. Address and name server start with the first node.\n"
        "\n"
        "Exit status: 7 when a name, a subnet or the uplink is in use.";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(PifFarmNet) net = pif_farm_net_new(cli->farm);
    net->spec.is_uplink_forced = is_forced;
    return bring_up(net, error);
}

/* A daemon has nodes on the bridge, or is about to. */
static gboolean check_no_daemon(const PifFarm *farm, GError **error)
{
    if (!pif_client_is_daemon_up(farm))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "the nodes of farm '%s' use its network; first: pifarm down, which takes "
                         "the network with the last node",
                         farm->name);
}

gboolean pif_net_cmd_down(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    static const char description[] =
        "Goes by the marks that the farm left on its links (their alias), not by their names. An\n"
        "uplink gets its addresses and routes back.\n"
        "\n"
        "Exit status: 7 while the farm's daemon runs.";
    if (!pif_net_parse(cli, NULL, description, &argc, &argv, error) ||
        !check_no_daemon(cli->farm, error))
        return FALSE;
    g_autoptr(PifFarmNet) net = pif_farm_net_new(cli->farm);
    g_autofree char *lock = pif_paths_network_lock();
    if (!pif_net_down(&net->spec, lock, error))
        return FALSE;
    pif_rootless_end(cli->farm->name);
    return TRUE;
}
