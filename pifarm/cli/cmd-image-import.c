// SPDX-License-Identifier: MIT
// pifarm image import, and what it has in common with fetch.
#include "pifarm/base/error.h"
#include "pifarm/cli/cmd-image.h"

void pif_image_fetch_args_clear(PifImageFetchArgs *args)
{
    g_free(args->name);
    g_free(args->max_size);
    g_free(args->max_download);
}

gboolean pif_image_read_fetch_args(const PifImageFetchArgs *args, PifFetchOptions *ret_options,
                                   GError **error)
{
    enum { MAX_TIMEOUT_S = 24 * 60 * 60 };
    if (args->timeout_s < 0 || args->timeout_s > MAX_TIMEOUT_S)
        return pif_error_set(error, PIF_ERROR_USAGE, "--timeout wants 1 to %d seconds, not %d",
                             MAX_TIMEOUT_S, args->timeout_s);
    ret_options->import.name = args->name;
    ret_options->import.replace_name = args->replace_name;
    ret_options->stall_timeout_s = (guint)args->timeout_s;
    return pif_image_parse_size("--max-size", args->max_size, &ret_options->import.max_size,
                                error) &&
           pif_image_parse_size("--max-download", args->max_download, &ret_options->max_download,
                                error);
}

gboolean pif_image_fetch_and_print(const char *source, PifFetchOptions *options, GError **error)
{
    g_autofree char *name = g_strdup(options->import.name);
    if (!name && !g_str_equal(source, "-"))
        name = pif_fetch_name(source);
    g_autofree char *title = g_strdup_printf("importing %s", name);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    g_autoptr(PifImage) image = NULL;
    g_autofree char *sidecar = NULL;
    options->import.name = name;
    options->import.progress = progress;
    if (!store || !pif_fetch_image(store, source, options, &sidecar, &image, error)) {
        pif_cli_advise(error, PIF_ERROR_EXISTS, "--replace takes the name away from it");
        return FALSE;
    }
    g_clear_pointer(&progress, pif_progress_free);
    if (sidecar)
        fprintf(stderr, "pifarm: checked against %s\n", sidecar);
    pif_image_print_result(image, name);
    return TRUE;
}

gboolean pif_image_cmd_import(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    PifFetchOptions options = {0};
    g_auto(PifImageFetchArgs) args = {0};
    g_autofree char *sha256 = NULL;
    const GOptionEntry entries[] = {{"name", 'n', 0, G_OPTION_ARG_STRING, &args.name,
                                     "its name (default: FILE's, without endings)", "NAME"},
                                    {"sha256", 0, 0, G_OPTION_ARG_STRING, &sha256,
                                     "refuse anything else: of FILE, or of the disk in it", "HEX"},
                                    {"no-sidecar", 0, 0, G_OPTION_ARG_NONE, &options.has_no_sidecar,
                                     "do not look for a checksum in FILE.sha256", NULL},
                                    PIF_FETCH_ENTRIES(args),
                                    G_OPTION_ENTRY_NULL};
    static const char description[] =
        "FILE is a raw disk, alone or in .xz, .zst, .gz, .zip or .tar, or a qcow2; its content\n"
        "tells which; - is standard input, and needs --name. A download that was cut off goes on\n"
        "where it ended. Without --sha256 the checksum in FILE.sha256 counts, where there is one.\n"
        "Prints the name and the first digits of the disk's SHA-256.\n"
        "\n"
        "Exit status: 5 when the name is taken, 8 when nothing comes, 9 when FILE is damaged, cut\n"
        "off, no disk or has another checksum.";
    if (!pif_image_parse(entries, description, &argc, &argv, error) ||
        !pif_image_read_fetch_args(&args, &options, error))
        return FALSE;
    options.import.sha256 = sha256;
    return pif_image_fetch_and_print(argv[1], &options, error);
}
