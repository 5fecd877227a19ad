// SPDX-License-Identifier: MIT
// The appliance's kernel and accelerator.
#include "images/prepare/appliance.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/utsname.h>

static const char kvm_failed_name[] = "kvm-failed";

/* The last path, in order of version numbers as far as that is the alphabet's. Free it. */
static char *find_last(const char *pattern)
{
    glob_t found;
    char *path = NULL;
    if (glob(pattern, 0, NULL, &found) == 0)
        path = g_strdup(found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return path;
}

/* A folder as dpkg-deb unpacks a kernel package into. */
static gboolean use_folder(PifCommand *command, const char *folder)
{
    g_autofree char *pattern = g_build_filename(folder, "boot", "vmlinuz-*", NULL);
    g_autofree char *kernel = find_last(pattern);
    if (!kernel)
        return FALSE;
    const char *version = strrchr(kernel, '/') + strlen("/vmlinuz-");
    g_autofree char *modules = g_build_filename(folder, "lib", "modules", version, NULL);
    if (!g_file_test(modules, G_FILE_TEST_IS_DIR))
        return FALSE;
    pif_command_set_environment(command, "SUPERMIN_KERNEL", kernel);
    pif_command_set_environment(command, "SUPERMIN_KERNEL_VERSION", version);
    pif_command_set_environment(command, "SUPERMIN_MODULES", modules);
    return TRUE;
}

static gboolean use_own_folder(PifCommand *command)
{
    g_autofree char *cache = pif_paths_cache_dir();
    g_autofree char *state = pif_paths_state_dir();
    g_autofree char *in_cache = g_build_filename(cache, "appliance-kernel", NULL);
    g_autofree char *in_state = g_build_filename(state, "appliance-kernel", NULL);
    return use_folder(command, in_cache) || use_folder(command, in_state);
}

/* Debian's place, and Fedora's. */
static gboolean host_has_kernel(void)
{
    g_autofree char *in_boot = find_last("/boot/vmlinuz-*");
    g_autofree char *in_modules = find_last("/lib/modules/*/vmlinuz");
    return in_boot || in_modules;
}

static gboolean set_missing_error(GError **error)
{
    struct utsname host;
    uname(&host);
    const char *architecture = g_str_equal(host.machine, "aarch64") ? "arm64" : "amd64";
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "no Linux kernel in /boot for the libguestfs appliance; try: apt install "
                         "linux-image-cloud-%s, or examples/appliance-kernel, which installs "
                         "nothing",
                         architecture);
}

gboolean pif_appliance_set_kernel(PifCommand *command, GError **error)
{
    const char *chosen = g_getenv("PIFARM_APPLIANCE_KERNEL");
    if (g_getenv("SUPERMIN_KERNEL"))
        return TRUE;
    if (chosen && *chosen && !use_folder(command, chosen))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "PIFARM_APPLIANCE_KERNEL: no boot/vmlinuz-VERSION with its "
                             "lib/modules/VERSION in %s",
                             chosen);
    if (!(chosen && *chosen) && !use_own_folder(command) && !host_has_kernel())
        return set_missing_error(error);
    if (!g_file_test("/lib/modules", G_FILE_TEST_IS_DIR))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "supermin, which builds the libguestfs appliance, wants a folder "
                             "/lib/modules, be it empty; as root: mkdir /lib/modules");
    return TRUE;
}

static char *kvm_failed_path(void)
{
    g_autofree char *cache = pif_paths_cache_dir();
    return g_build_filename(cache, kvm_failed_name, NULL);
}

/* Another one each time the host boots. */
static char *read_boot_id(void)
{
    char *id = NULL;
    g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL);
    return id;
}

static gboolean has_kvm_failed(void)
{
    g_autofree char *path = kvm_failed_path();
    g_autofree char *now = read_boot_id();
    g_autofree char *then = NULL;
    g_file_get_contents(path, &then, NULL, NULL);
    return now && g_strcmp0(now, then) == 0;
}

void pif_appliance_set_kvm_failed(void)
{
    g_autofree char *cache = pif_paths_cache_dir();
    g_autofree char *path = kvm_failed_path();
    g_autofree char *now = read_boot_id();
    if (now && pif_dir_make(cache, 0755, NULL))
        pif_file_write(path, now, -1, 0644, NULL);
}

static gboolean is_virtual_machine(void)
{
    g_autofree char *cpus = NULL;
    return g_file_get_contents("/proc/cpuinfo", &cpus, NULL, NULL) &&
           strstr(cpus, " hypervisor ") != NULL;
}

gboolean pif_appliance_may_use_kvm(void)
{
    g_auto(PifFd) kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    return kvm >= 0 && !is_virtual_machine() && !has_kvm_failed();
}
