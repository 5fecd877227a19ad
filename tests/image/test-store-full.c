// SPDX-License-Identifier: MIT
// A store on a file system that is too small for what is imported.
#include "tests/lib/store-fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

/* A megabyte of tmpfs over the store's folder, in a mount namespace of this process. False when
 * that needs rights we lack: the test then is skipped, or failed where skipping is forbidden. */
static gboolean shrink_store(Fixture *fixture)
{
    g_clear_pointer(&fixture->store, pif_store_free);
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("full", fixture->directory, "tmpfs", 0, "size=1m") == 0) {
        ok(fixture->store = pif_store_open(fixture->directory, &error));
        return TRUE;
    }
    if (g_strcmp0(g_getenv("PIFARM_REQUIRE"), "1") == 0)
        g_test_fail_printf("this test needs root: %s", g_strerror(errno));
    else
        g_test_skip("needs root");
    return FALSE;
}

static const char *const forms[] = {
    "cp disk.img f",
    "xz <disk.img >f",
    "zstd -q <disk.img >f",
    "qemu-img convert -O qcow2 disk.img f",
};

static void a_full_store_takes_nothing_and_says_so(Fixture *fixture, gconstpointer data)
{
    if (!shrink_store(fixture))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        PifImage *image = NULL;
        PifImportOptions options = {.name = "disk"};
        run(fixture->folder, forms[i]);
        fails(PIF_ERROR_EXTERNAL, "no room for the disk on the image store's file system",
              import_file(fixture, "f", &options, &image, &error));
        assert_store_is_empty(fixture);
    }
    g_clear_pointer(&fixture->store, pif_store_free);
    g_assert_cmpint(umount2(fixture->directory, MNT_DETACH), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/store/", a_full_store_takes_nothing_and_says_so);
    return g_test_run();
}
