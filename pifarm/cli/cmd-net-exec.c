// SPDX-License-Identifier: MIT
// pifarm net exec, pifarm net shell: become a program that is in the farm's network.
#include "netsetup/rootless.h"
#include "pifarm/base/command.h"
#include "pifarm/cli/cmd-net.h"

#include <pwd.h>
#include <unistd.h>

/* Still not in it: there is none. */
static gboolean check_entered(const PifFarm *farm, GError **error)
{
    if (!pif_rootless_applies())
        return TRUE;
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "farm '%s' has no network now; first: pifarm up, or pifarm net up",
                         farm->name);
}

gboolean pif_net_cmd_exec(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    static const char description[] =
        "Without root a farm's network is in a namespace of its own, and this the way to it; the\n"
        "command is root there and there alone. With root it is this host's network.\n"
        "\n"
        "  pifarm net exec -- ping n1\n"
        "  pifarm net exec -- tcpdump -i pifarm0\n"
        "\n"
        "Exit status: the command's own; 4 when the farm has no network now.";
    if (!pif_net_parse(cli, NULL, description, &argc, &argv, error) ||
        !check_entered(cli->farm, error))
        return FALSE;
    char **words = argv + (g_strcmp0(argv[1], "--") == 0 ? 2 : 1);
    if (!*words)
        return pif_error_set(error, PIF_ERROR_USAGE, "run what? pifarm net exec -- COMMAND...");
    g_autoptr(PifCommand) command = pif_command_new(*words, NULL);
    pif_command_add_vector(command, (const char *const *)words + 1);
    return pif_command_exec(command, error);
}

/* As the user has it: within we are called root. */
static const char *choose_shell(void)
{
    const char *shell = g_getenv("SHELL");
    return shell && *shell ? shell : "/bin/sh";
}

gboolean pif_net_cmd_shell(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    static const char description[] =
        "$SHELL, run as by pifarm net exec. `exit` leaves it, and it need not be left for\n"
        "pifarm down.\n"
        "\n"
        "Exit status: the shell's own; 4 when the farm has no network now.";
    if (!pif_net_parse(cli, NULL, description, &argc, &argv, error) ||
        !check_entered(cli->farm, error))
        return FALSE;
    g_autoptr(PifCommand) command = pif_command_new(choose_shell(), NULL);
    return pif_command_exec(command, error);
}
