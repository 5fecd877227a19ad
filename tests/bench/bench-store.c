// SPDX-License-Identifier: MIT
// Times imports and clones: prints the milliseconds that the work itself took.
#include "images/store/clone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef gboolean (*Work)(PifStore *store, char **arguments, GError **error);

/* import STORE FILE */
static gboolean import(PifStore *store, char **arguments, GError **error)
{
    g_autoptr(PifImage) image = NULL;
    PifImportOptions options = {.name = "bench", .replace_name = TRUE};
    return pif_store_import(store, arguments[0], &options, &image, error);
}

/* clone STORE FOLDER COUNT: of the image called "bench" */
static gboolean clone_image(PifStore *store, char **arguments, GError **error)
{
    g_autoptr(PifImage) image = NULL;
    if (!pif_store_find(store, "bench", &image, error))
        return FALSE;
    for (int i = 0; i < atoi(arguments[1]); i++) {
        g_autofree char *path = g_strdup_printf("%s/n%d.qcow2", arguments[0], i);
        if (!pif_clone_create(store, image, path, 0, error))
            return FALSE;
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    gboolean is_import = argc == 4 && strcmp(argv[1], "import") == 0;
    gboolean is_clone = argc == 5 && strcmp(argv[1], "clone") == 0;
    if (!is_import && !is_clone) {
        fprintf(stderr, "usage: %s import STORE FILE | clone STORE FOLDER COUNT\n", argv[0]);
        return 2;
    }
    g_autoptr(GError) error = NULL;
    gint64 started_us = g_get_monotonic_time();
    g_autoptr(PifStore) store = pif_store_open(argv[2], &error);
    Work work = is_import ? import : clone_image;
    if (!store || !work(store, argv + 3, &error)) {
        fprintf(stderr, "%s: %s\n", argv[0], error->message);
        return 1;
    }
    printf("%.1f\n", (double)(g_get_monotonic_time() - started_us) / 1000);
    return 0;
}
