// SPDX-License-Identifier: MIT
// pifarm init, pifarm check.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/cli/cli.h"
#include "pifarm/model/farm-keys.h"

#include <stdio.h>

enum { MAX_FARM_NAME = 32 };

gboolean pif_cmd_init(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    int n_nodes = 2;
    gboolean is_forced = FALSE;
    g_autofree char *image = NULL;
    const GOptionEntry entries[] = {
        {"image", 'i', 0, G_OPTION_ARG_FILENAME, &image, "the card image that the nodes get",
         "FILE"},
        {"nodes", 'n', 0, G_OPTION_ARG_INT, &n_nodes, "how many nodes (2)", "N"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &is_forced, "overwrite a farm.yaml that is there", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("init"), entries,
                                "Writes farm.yaml (or the file of -f) with every key explained.",
                                FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    if (n_nodes < 1 || n_nodes > 200)
        return pif_error_set(error, PIF_ERROR_USAGE, "--nodes must be from 1 to 200, not %d",
                             n_nodes);
    const char *name = argc > 1 ? argv[1] : "lab";
    if (!pif_farm_is_name(name, MAX_FARM_NAME))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "a farm's name is up to %d of a-z, 0-9 and '-', beginning with a "
                             "letter or digit, not '%s'",
                             MAX_FARM_NAME, name);
    const char *path = cli->farm_file ? cli->farm_file : "farm.yaml";
    if (!is_forced && g_file_test(path, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_EXISTS, "%s is there already; --force overwrites it",
                             path);
    g_autofree char *text = pif_farm_template(name, image, (unsigned)n_nodes);
    return pif_file_write(path, text, -1, 0644, error);
}

gboolean pif_cmd_check(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const PifCliOptions spec = {
        pif_cli_find_command("check"), NULL,
        "Every mistake is shown with its place. Exit status 3 when there is one.", FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    if (!pif_cli_load_farm(cli, error))
        return FALSE;
    const PifFarm *farm = cli->farm;
    printf("%s: farm '%s', %u node%s, %u image%s: no mistakes\n", farm->path, farm->name,
           farm->nodes->len, farm->nodes->len == 1 ? "" : "s", farm->images->len,
           farm->images->len == 1 ? "" : "s");
    return TRUE;
}
