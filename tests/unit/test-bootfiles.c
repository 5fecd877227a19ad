// SPDX-License-Identifier: MIT
// The choice of boot files from config.txt and a folder, and what passes for a kernel.
#include "images/card/bootfiles-choose.h"
#include "images/card/bootfiles-kernel.h"
#include "pifarm/base/error.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
    const char *name; /* a sentence */
    const char *config;
    const char *paths; /* of the boot partition, separated by spaces */
    const char
        *choice; /* "kernel initramfs,... device tree command line", "-": none; or the error */
} Case;

#define DTB "bcm2710-rpi-3-b-plus.dtb"
#define MAINLINE_DTB "bcm2837-rpi-3-b-plus.dtb"

static const Case cases[] = {
    {"a 64-bit Raspberry Pi OS boots its kernel8.img with initramfs8",
     "auto_initramfs=1\narm_64bit=1\n",
     "kernel7.img kernel8.img initramfs7 initramfs8 " DTB " cmdline.txt",
     "kernel8.img initramfs8 " DTB " cmdline.txt"},
    {"without config.txt the defaults are taken", "", "kernel8.img " DTB " cmdline.txt",
     "kernel8.img - " DTB " cmdline.txt"},
    {"an automatic initramfs may be missing", "auto_initramfs=1\n",
     "kernel8.img " DTB " cmdline.txt", "kernel8.img - " DTB " cmdline.txt"},
    {"a kernel of another name has no automatic initramfs", "auto_initramfs=1\nkernel=vmlinuz\n",
     "vmlinuz initramfs8 " DTB " cmdline.txt", "vmlinuz - " DTB " cmdline.txt"},
    {"Debian's raspi-firmware names kernel and initramfs",
     "arm_64bit=1\nkernel=vmlinuz-6.1.0-56-arm64\ninitramfs initrd.img-6.1.0-56-arm64\n",
     "vmlinuz-6.1.0-56-arm64 initrd.img-6.1.0-56-arm64 " MAINLINE_DTB " cmdline.txt",
     "vmlinuz-6.1.0-56-arm64 initrd.img-6.1.0-56-arm64 " MAINLINE_DTB " cmdline.txt"},
    {"ramfsfile names an initramfs too", "ramfsfile=i.gz\n", "kernel8.img i.gz " DTB " cmdline.txt",
     "kernel8.img i.gz " DTB " cmdline.txt"},
    {"several initramfs keep their order", "initramfs b,a followkernel\n",
     "kernel8.img a b " DTB " cmdline.txt", "kernel8.img b,a " DTB " cmdline.txt"},
    {"the downstream device tree comes first", "",
     "kernel8.img " MAINLINE_DTB " " DTB " cmdline.txt", "kernel8.img - " DTB " cmdline.txt"},
    {"the device tree of the 3 B serves when there is no other", "",
     "kernel8.img bcm2837-rpi-3-b.dtb cmdline.txt",
     "kernel8.img - bcm2837-rpi-3-b.dtb cmdline.txt"},
    {"device_tree names another", "device_tree=my.dtb\n", "kernel8.img my.dtb " DTB " cmdline.txt",
     "kernel8.img - my.dtb cmdline.txt"},
    {"cmdline names another", "cmdline=quiet.txt\n", "kernel8.img " DTB " cmdline.txt quiet.txt",
     "kernel8.img - " DTB " quiet.txt"},
    {"FAT knows no case", "kernel=Kernel8.IMG\nauto_initramfs=1\n",
     "KERNEL8.IMG INITRAMFS8 " DTB " CMDLINE.TXT", "KERNEL8.IMG INITRAMFS8 " DTB " CMDLINE.TXT"},
    {"os_prefix goes before all names", "os_prefix=new/\nauto_initramfs=1\n",
     "kernel8.img " DTB " cmdline.txt new/kernel8.img new/initramfs8 new/" DTB " new/cmdline.txt",
     "new/kernel8.img new/initramfs8 new/" DTB " new/cmdline.txt"},
    {"os_prefix without a kernel there does not count", "os_prefix=new/\n",
     "kernel8.img " DTB " cmdline.txt new/cmdline.txt", "kernel8.img - " DTB " cmdline.txt"},
    {"a name with a slash first takes no prefix", "os_prefix=new/\ncmdline=/cmdline.txt\n",
     "cmdline.txt new/kernel8.img new/" DTB, "new/kernel8.img - new/" DTB " cmdline.txt"},
    {"upstream_kernel looks in upstream and for mainline's names", "upstream_kernel=1\n",
     "kernel8.img cmdline.txt " DTB " upstream/kernel8.img upstream/" MAINLINE_DTB
     " upstream/cmdline.txt",
     "upstream/kernel8.img - upstream/" MAINLINE_DTB " upstream/cmdline.txt"},

    {"a card without a kernel is refused", "", DTB " cmdline.txt",
     "no kernel8.img on the boot partition, and config.txt names no kernel"},
    {"a named kernel must be there", "kernel=my.img\n", "kernel8.img " DTB " cmdline.txt",
     "config.txt names the kernel 'my.img', which is not on the boot partition"},
    {"a card that boots 32-bit is refused", "", "kernel7.img kernel8.img " DTB " cmdline.txt",
     "a Pi 3 would start the 32-bit kernel7.img of this card; only 64-bit kernels boot here: write "
     "arm_64bit=1 into config.txt"},
    {"a card that can only boot 32-bit is refused", "", "kernel7.img " DTB " cmdline.txt",
     "a Pi 3 would start the 32-bit kernel7.img of this card; only 64-bit kernels boot here: write "
     "arm_64bit=1 into config.txt and add a kernel8.img"},
    {"a named initramfs must be there", "initramfs a,b followkernel\n",
     "a kernel8.img " DTB " cmdline.txt",
     "config.txt names the initramfs 'b', which is not on the boot partition"},
    {"a card without a device tree is refused", "", "kernel8.img bcm2711-rpi-4-b.dtb cmdline.txt",
     "no device tree of a Pi 3 B+ (" DTB ") on the boot partition"},
    {"a named device tree must be there", "device_tree=my.dtb\n", "kernel8.img " DTB,
     "config.txt names the device tree 'my.dtb', which is not on the boot partition"},
    {"a device tree switched off is refused", "device_tree=\n", "kernel8.img " DTB " cmdline.txt",
     "config.txt switches the device tree off ('device_tree='); a 64-bit kernel needs one"},
    {"a card without a command line is refused", "", "kernel8.img " DTB,
     "the kernel's command line 'cmdline.txt' is not on the boot partition"},
};

static void check_case(gconstpointer data)
{
    const Case *row = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *choice = NULL;
    g_auto(PifBootNames) names = {0};
    g_auto(GStrv) paths = g_strsplit(row->paths, " ", -1);
    g_autoptr(PifConfigTxt) config = pif_config_txt_parse(row->config, NULL, NULL);
    if (pif_boot_names_choose(config, (const char *const *)paths, &names, &error)) {
        g_autofree char *initramfs = g_strjoinv(",", names.initramfs);
        choice = g_strjoin(" ", names.kernel, *initramfs ? initramfs : "-", names.device_tree,
                           names.command_line, NULL);
    } else {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
        choice = g_strdup(error->message);
    }
    g_assert_cmpstr(choice, ==, row->choice);
}

static void put_le32(guint8 *at, guint32 value)
{
    guint32 little = GUINT32_TO_LE(value);
    memcpy(at, &little, sizeof little);
}

static void make_image(guint8 *head, gsize size)
{
    memset(head, 0, size);
    put_le32(head + 56, 0x644d5241); /* "ARM\x64" */
}

static void refuses(const guint8 *head, gsize head_size, guint64 file_size, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(pif_kernel_check(head, head_size, file_size, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void an_arm64_image_is_a_kernel(void)
{
    g_autoptr(GError) error = NULL;
    guint8 head[64];
    make_image(head, sizeof head);
    g_assert_true(pif_kernel_check(head, sizeof head, sizeof head, &error));
    g_assert_no_error(error);
}

static void a_gzipped_arm64_image_is_a_kernel(void)
{
    g_autoptr(GError) error = NULL;
    guint8 image[4096];
    guint8 packed[4096];
    gsize used;
    gsize packed_size;
    make_image(image, sizeof image);
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_converter_convert(G_CONVERTER(gzip), image, sizeof image, packed, sizeof packed,
                        G_CONVERTER_INPUT_AT_END, &used, &packed_size, NULL);
    g_assert_true(pif_kernel_check(packed, packed_size, packed_size, &error));
    g_assert_no_error(error);
    refuses(packed, 12, 12, "is a damaged gzip file");
}

static void what_is_no_arm64_image_is_refused_by_name(void)
{
    guint8 head[64] = {0};
    refuses(head, 0, 0, "is too short for a kernel");
    refuses(head, 63, 63, "is too short for a kernel");
    refuses(head, sizeof head, sizeof head,
            "is not a kernel; a 64-bit kernel (arm64 Image) is needed");
    put_le32(head, 0x464c457f); /* "\177ELF" */
    refuses(head, sizeof head, sizeof head,
            "is an ELF file; a 64-bit kernel (arm64 Image) is needed");
    put_le32(head + 36, 0x016f2818);
    refuses(head, sizeof head, sizeof head,
            "is a 32-bit ARM kernel (zImage); a 64-bit kernel (arm64 Image) is needed");
}

static void a_kernel_shorter_than_its_sections_is_truncated(void)
{
    g_autoptr(GError) error = NULL;
    guint8 head[512];
    make_image(head, sizeof head);
    put_le32(head + 60, 64);              /* where the PE header is */
    put_le32(head + 64, 0x00004550);      /* "PE\0\0" */
    head[64 + 6] = 2;                     /* sections */
    head[64 + 20] = 8;                    /* size of the optional header */
    guint8 *section = head + 64 + 24 + 8; /* size at 16, offset at 20 */
    put_le32(section + 16, 1000);
    put_le32(section + 20, 512);
    put_le32(section + 40 + 16, 500);
    put_le32(section + 40 + 20, 1512);
    g_assert_true(pif_kernel_check(head, sizeof head, 2012, &error));
    g_assert_no_error(error);
    refuses(head, sizeof head, 2011, "is truncated: 2011 of 2012 bytes");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/boot-files/", cases[i].name, NULL);
        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/kernel/an arm64 Image is a kernel", an_arm64_image_is_a_kernel);
    g_test_add_func("/kernel/a gzipped arm64 Image is a kernel", a_gzipped_arm64_image_is_a_kernel);
    g_test_add_func("/kernel/what is no arm64 Image is refused by name",
                    what_is_no_arm64_image_is_refused_by_name);
    g_test_add_func("/kernel/a kernel shorter than its sections is truncated",
                    a_kernel_shorter_than_its_sections_is_truncated);
    return g_test_run();
}
