// SPDX-License-Identifier: MIT
// Checks of the host: rights, programs, devices.
#include "netsetup/rootless.h"
#include "pifarm/cli/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

PifFinding pif_check_rights(const PifDoctor *doctor)
{
    (void)doctor;
    g_autofree char *problem = NULL;
    g_autofree char *mend = NULL;
    if (!pif_rootless_applies())
        return pif_finding_ok("root");
    if (pif_rootless_find_obstacle(&problem, &mend))
        return pif_finding_warn(mend, "not root, and for a farm without: %s", problem);
    return pif_finding_ok("not root: a farm's network is in a namespace of its own, and `sudo "
                          "pifarm doctor` sees more");
}

/* Programs that pifarm runs, each with the Debian package that has it. */
static const struct {
    const char *program;
    const char *package;
} programs[] = {
    {"qemu-system-aarch64", "qemu-system-arm"},
    {"qemu-img", "qemu-utils"},
    {"qemu-storage-daemon", "qemu-system-common"},
    {"mcopy", "mtools"},
    {"debugfs", "e2fsprogs"},
    {"sfdisk", "fdisk"},
    {"dnsmasq", "dnsmasq-base"},
    {"setpriv", "util-linux"},
    {"ssh", "openssh-client"},
    {"scp", "openssh-client"},
    {"ssh-keygen", "openssh-client"},
    {"ping", "iputils-ping"},
    {"qemu-system-x86_64", "qemu-system-x86"},
    {"supermin", "supermin"},
};

static gboolean is_installed(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    return path != NULL;
}

PifFinding pif_check_programs(const PifDoctor *doctor)
{
    (void)doctor;
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GString) install = g_string_new("sudo apt install");
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (is_installed(programs[i].program))
            continue;
        g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", programs[i].program);
        if (!strstr(install->str, programs[i].package))
            g_string_append_printf(install, " %s", programs[i].package);
    }
    if (missing->len)
        return pif_finding_fail(install->str, "not installed: %s", missing->str);
    return pif_finding_ok("all %zu are installed", G_N_ELEMENTS(programs));
}

static PifFinding check_device(const char *path, const char *module, unsigned major, unsigned minor)
{
    g_autofree char *load = g_strdup_printf("sudo modprobe %s", module);
    g_autofree char *make = g_strdup_printf(
        "sudo sh -c 'modprobe %s; mkdir -p %s && mknod -m 666 %s c %u %u'", module,
        g_str_has_prefix(path, "/dev/net") ? "/dev/net" : "/dev", path, major, minor);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int problem = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (problem == 0 || (problem == EACCES && geteuid() != 0))
        return pif_finding_ok("%s is there", path);
    if (problem == ENOENT)
        return pif_finding_fail(make, "there is no %s", path);
    if (problem == ENODEV || problem == ENXIO)
        return pif_finding_fail(load, "%s has no driver behind it: the kernel lacks %s", path,
                                module);
    return pif_finding_fail("in a container: give it the device", "%s does not open: %s", path,
                            g_strerror(problem));
}

PifFinding pif_check_tun(const PifDoctor *doctor)
{
    (void)doctor;
    return check_device("/dev/net/tun", "tun", 10, 200); /* Linux: devices.txt */
}

PifFinding pif_check_fuse(const PifDoctor *doctor)
{
    (void)doctor;
    return check_device("/dev/fuse", "fuse", 10, 229);
}

/* Of images: `image shell`, and packages and commands of `image prepare`. All else does without. */
PifFinding pif_check_arm_programs(const PifDoctor *doctor)
{
    (void)doctor;
    struct utsname host;
    if (uname(&host) == 0 && g_str_equal(host.machine, "aarch64"))
        return pif_finding_ok("run by this host itself");
    if (!is_installed("qemu-aarch64-static") && !is_installed("qemu-aarch64"))
        return pif_finding_warn("sudo apt install qemu-user-static",
                                "no qemu-user: `pifarm image shell`, and packages and commands of "
                                "`pifarm image prepare`, cannot run an image's programs");
    if (!g_file_test("/dev/loop-control", G_FILE_TEST_EXISTS))
        return pif_finding_warn("sudo modprobe loop",
                                "there is no /dev/loop-control to mount an image with");
    return pif_finding_ok("run by qemu-user");
}
