// SPDX-License-Identifier: MIT
// pifarm image: its commands as a table, and those that bring images in and take them away.
#include "pifarm/cli/cmd-image.h"

#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/base/size.h"
#include "pifarm/cli/group.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const PifCliCommand pif_image_commands[] = {
    {"import", "take the disk image in FILE into the store", "FILE", pif_image_cmd_import},
    {"list", "list the images in the store", "", pif_image_cmd_list},
    {"inspect", "show what is in an image and whether it boots here", "IMAGE|FILE",
     pif_image_cmd_inspect},
    {"prepare", "make a grown and enrolled image from an image", "IMAGE", pif_image_cmd_prepare},
    {"rm", "remove images that no node's card needs", "IMAGE...", pif_image_cmd_rm},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "image",
    pif_image_commands,
    "Keeps card images in a store: read-only, named by their SHA-256, found by name.",
    "IMAGE is a name, or the first 6 or more digits of the SHA-256.",
};

gboolean pif_cmd_image(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}

gboolean pif_image_parse(const GOptionEntry *options, const char *description, int *argc,
                         char ***argv, GError **error)
{
    return pif_cli_parse_in_group(&group, options, description, argc, argv, error) &&
           pif_cli_need_argument(&group, *argv, error);
}

PifStore *pif_image_open_store(GError **error)
{
    g_autofree char *directory = pif_paths_store_dir();
    return pif_store_open(directory, error);
}

void pif_image_print_result(const PifImage *image, const char *name)
{
    printf("%s  sha256:%.12s\n", name, image->sha256);
}

/* "debian.img.xz" -> "debian" */
static char *name_from_file(const char *file)
{
    static const char *const endings[] = {".xz",  ".zst", ".gz",  ".bz2",  ".zip",
                                          ".tar", ".img", ".raw", ".qcow2"};
    char *name = g_path_get_basename(file);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (!g_str_has_suffix(name, endings[i]) || g_str_equal(name, endings[i]))
            continue;
        name[strlen(name) - strlen(endings[i])] = '\0';
        i = (size_t)-1; /* from the first one again */
    }
    return name;
}

static guint64 file_size(const char *file)
{
    struct stat status;
    return stat(file, &status) == 0 ? (guint64)status.st_size : 0;
}

gboolean pif_image_parse_size(const char *option, const char *text, guint64 *ret_size,
                              GError **error)
{
    if (!text || pif_size_parse(text, ret_size))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "%s wants a size like 4GiB or 512MiB, not '%s'",
                         option, text);
}

static gboolean import(const char *file, PifImportOptions *options, GError **error)
{
    g_autofree char *name = options->name ? g_strdup(options->name) : name_from_file(file);
    g_autofree char *title = g_strdup_printf("importing %s", name);
    if (strstr(file, "://"))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s is a URL: fetch the file first, then import it", file);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(PifProgress) progress = pif_progress_new(title, file_size(file));
    g_autoptr(PifImage) image = NULL;
    options->name = name;
    options->progress = progress;
    if (!store || !pif_store_import(store, file, options, &image, error)) {
        pif_cli_advise(error, PIF_ERROR_EXISTS, "--replace takes the name away from it");
        return FALSE;
    }
    g_clear_pointer(&progress, pif_progress_free);
    pif_image_print_result(image, name);
    return TRUE;
}

gboolean pif_image_cmd_import(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    PifImportOptions options = {0};
    g_autofree char *name = NULL;
    g_autofree char *sha256 = NULL;
    g_autofree char *max_size = NULL;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &name,
         "its name (default: FILE's without folder and endings)", "NAME"},
        {"sha256", 0, 0, G_OPTION_ARG_STRING, &sha256,
         "refuse anything else: of FILE, or of the disk in it", "HEX"},
        {"max-size", 0, 0, G_OPTION_ARG_STRING, &max_size, "refuse larger disks (64GiB)", "SIZE"},
        {"replace", 0, 0, G_OPTION_ARG_NONE, &options.replace_name,
         "take the name away from the image that has it", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "FILE is a raw disk, alone or in .xz, .zst, .gz, .zip or .tar, or a qcow2; its content\n"
        "tells which. Prints the name and the first digits of the disk's SHA-256.\n"
        "\n"
        "Exit status: 5 when the name is taken, 9 when FILE is damaged, cut off, no disk or has\n"
        "another checksum.";
    if (!pif_image_parse(entries, description, &argc, &argv, error) ||
        !pif_image_parse_size("--max-size", max_size, &options.max_size, error))
        return FALSE;
    options.name = name;
    options.sha256 = sha256;
    return import(argv[1], &options, error);
}

static gboolean all_known(PifStore *store, char **names, GError **error)
{
    for (; *names; names++) {
        g_autoptr(PifImage) image = NULL;
        if (!pif_store_find(store, *names, &image, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean remove_all(PifStore *store, char **names, GError **error)
{
    for (; *names; names++)
        if (!pif_store_remove(store, *names, error))
            return FALSE;
    return TRUE;
}

gboolean pif_image_cmd_rm(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    static const char description[] =
        "An image with several names loses the one given, and goes with the last; given by its\n"
        "SHA-256 it goes with all of them. Nothing is removed when one of IMAGE is unknown.\n"
        "\n"
        "Exit status: 7 when cards are clones of it; pifarm down --purge removes those.";
    if (!pif_image_parse(NULL, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(PifStore) store = pif_image_open_store(error);
    return store && all_known(store, argv + 1, error) && remove_all(store, argv + 1, error);
}
