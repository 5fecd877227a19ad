// SPDX-License-Identifier: MIT
// An empty image store and a small disk with two partitions, in a folder of their own.
#pragma once

#include "images/store/store.h"
#include "tests/lib/check.h"

typedef struct {
    char *folder; /* has disk.img, 8 MiB, 1.2 MB of it data */
    char *directory;
    char *disk_sha256;
    PifStore *store;
} Fixture;

/* label-id and data come from the seed: another seed, another image. */
static inline void make_disk(const Fixture *fixture, const char *name, int seed)
{
    g_autofree char *script =
        g_strdup_printf("truncate -s 8M %s\n"
                        "sfdisk -q %s <<<$'label: dos\\nlabel-id: %d\\n2048,8192,c\\n10240,,83'\n"
                        "seq %d 200000 | head -c 1200K | dd of=%s bs=1M seek=5 conv=notrunc "
                        "status=none\n",
                        name, name, seed, seed, name);
    run(fixture->folder, script);
}

static inline void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-store-XXXXXX", NULL);
    fixture->directory = g_build_filename(fixture->folder, "store", NULL);
    make_disk(fixture, "disk.img", 1);
    fixture->disk_sha256 = shell(fixture->folder, "sha256sum disk.img | cut -c -64");
    ok(fixture->store = pif_store_open(fixture->directory, &error));
}

static inline void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    pif_store_free(fixture->store);
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->directory);
    g_free(fixture->disk_sha256);
}

static inline char *path_in(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->folder, name, NULL);
}

static inline gboolean import_file(const Fixture *fixture, const char *name,
                                   const PifImportOptions *options, PifImage **ret_image,
                                   GError **error)
{
    g_autofree char *path = path_in(fixture, name);
    return pif_store_import(fixture->store, path, options, ret_image, error);
}

/* Imports a file of the folder under a name of the store. */
static inline PifImage *import_as(const Fixture *fixture, const char *file, const char *name)
{
    PifImage *image = NULL;
    ok(import_file(fixture, file, &(PifImportOptions){.name = name}, &image, &error));
    return image;
}

/* Everything in the store except its lock and empty folders; "" for an empty store. */
static inline char *list_store(const Fixture *fixture)
{
    return shell(fixture->directory, "find . ! -type d ! -name lock -printf '%P\\n' | sort");
}

static inline void assert_store_is_empty(const Fixture *fixture)
{
    g_autofree char *files = list_store(fixture);
    g_assert_cmpstr(files, ==, "");
}

#define STORE_TEST(prefix, name)                                                                   \
    g_test_add(prefix #name, Fixture, NULL, fixture_set_up, name, fixture_tear_down)
