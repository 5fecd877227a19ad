// SPDX-License-Identifier: MIT
// What was written to a card is compared with what it gives back, to the byte.
#include "images/export/flash.h"
#include "tests/image/fixture.h"

#include <fcntl.h>
#include <unistd.h>

typedef struct {
    char *folder;
    char *disk;   /* 3 MiB: data, a hole, data */
    char *device; /* a loop device of 4 MiB */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("pifarm-flash-XXXXXX", NULL);
    fixture->disk = g_build_filename(fixture->folder, "disk", NULL);
    g_setenv("PIFARM_RUNTIME_DIR", fixture->folder, TRUE);
    g_free(shell("cd \"$1\"; truncate -s 3M disk; truncate -s 4M card; seq 200000 | head -c 1M | "
                 "tee >(dd of=disk bs=64k conv=notrunc status=none) | dd of=disk bs=1M seek=2 "
                 "iflag=fullblock conv=notrunc status=none",
                 fixture->folder, NULL));
    fixture->device = g_strchomp(shell("losetup --find --show \"$1/card\"", fixture->folder, NULL));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_free(shell("losetup -d \"$1\"", fixture->device, NULL));
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->disk);
    g_free(fixture->device);
}

/* As a card does that has less memory than it says. */
static void spoil(const PifDevice *device, off_t position)
{
    g_auto(PifFd) fd = open(device->path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(pwrite(fd, "x", 1, position), ==, 1);
    g_assert_cmpint(fsync(fd), ==, 0);
}

static void a_spoilt_byte_is_found_in_data_and_in_holes(Fixture *fixture, gconstpointer data)
{
    const off_t places[] = {0, 1000000, 1048576 + 77, 3 * 1048576 - 1};
    g_autoptr(PifDiskMap) map = NULL;
    g_auto(PifDevice) device = {.fd = -1};
    g_auto(PifFlashPlan) plan = {0};
    ok(pif_disk_map_open(fixture->disk, &map, &error));
    ok(pif_device_open(fixture->device, &device, &error));
    ok(pif_flash_plan(map, &device, G_MAXUINT64, &plan, &error));
    g_assert_cmpuint(plan.size, ==, 3 * 1048576);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *place = g_strdup_printf("at byte %d;", (int)places[i]);
        ok(pif_flash_write(map, &device, &plan, NULL, &error));
        ok(pif_flash_verify(map, &device, &plan, NULL, &error));
        spoil(&device, places[i]);
        fails(PIF_ERROR_PROTOCOL, place, pif_flash_verify(map, &device, &plan, NULL, &error));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (geteuid() != 0) {
        g_print("1..0 # SKIP loop devices need root\n");
        return g_getenv("PIFARM_REQUIRE") ? 1 : 0;
    }
    g_test_add("/flash/a-spoilt-byte-is-found-in-data-and-in-holes", Fixture, NULL, set_up,
               a_spoilt_byte_is_found_in_data_and_in_holes, tear_down);
    return g_test_run();
}
