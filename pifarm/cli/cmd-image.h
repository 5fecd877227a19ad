// SPDX-License-Identifier: MIT
// What the files of `pifarm image` share.
#pragma once

#include "images/fetch/fetch.h"
#include "pifarm/cli/cli.h"

/* Rows of the commands under `pifarm image`. */
extern const PifCliCommand pif_image_commands[];

/* pif_cli_parse for the row of that name, with one argument at least where the row names one. */
gboolean pif_image_parse(const GOptionEntry *options, const char *description, int *argc,
                         char ***argv, GError **error);

/* The value of an option; NULL leaves *ret_size alone. */
gboolean pif_image_parse_size(const char *option, const char *text, guint64 *ret_size,
                              GError **error);

/* The options of commands that download, for their tables. */
typedef struct {
    char *name;
    char *max_size;
    char *max_download;
    int timeout_s;
    gboolean replace_name;
} PifImageFetchArgs;

/* Their rows; "its name" of each command is its own. */
#define PIF_FETCH_ENTRIES(args)                                                                    \
    {"max-size", 0, 0, G_OPTION_ARG_STRING, &(args).max_size, "refuse larger disks (64GiB)",       \
     "SIZE"},                                                                                      \
        {"max-download",                                                                           \
         0,                                                                                        \
         0,                                                                                        \
         G_OPTION_ARG_STRING,                                                                      \
         &(args).max_download,                                                                     \
         "refuse to read more than this (16GiB)",                                                  \
         "SIZE"},                                                                                  \
        {"timeout",                                                                                \
         't',                                                                                      \
         0,                                                                                        \
         G_OPTION_ARG_INT,                                                                         \
         &(args).timeout_s,                                                                        \
         "give up when nothing comes for so long (60)",                                            \
         "SECONDS"},                                                                               \
    {                                                                                              \
        "replace", 0, 0, G_OPTION_ARG_NONE, &(args).replace_name,                                  \
            "take the name away from the image that has it", NULL                                  \
    }

void pif_image_fetch_args_clear(PifImageFetchArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifImageFetchArgs, pif_image_fetch_args_clear)
gboolean pif_image_read_fetch_args(const PifImageFetchArgs *args, PifFetchOptions *ret_options,
                                   GError **error);

/* pif_fetch_image with progress; prints the result, and the checksum file that counted. */
gboolean pif_image_fetch_and_print(const char *source, PifFetchOptions *options, GError **error);

PifStore *pif_image_open_store(GError **error);

/* The line that tells what has come of it: "debian  sha256:9f2c00112233". */
void pif_image_print_result(const PifImage *image, const char *name);

gboolean pif_image_cmd_import(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_fetch(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_verify(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_inspect(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_gc(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_rm(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_prepare(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_export(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_shell(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_shrink(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_image_cmd_flash(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
