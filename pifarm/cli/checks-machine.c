// SPDX-License-Identifier: MIT
// Checks of what runs the virtual nodes: QEMU and libvirt, and the traps of their versions.
#include "pifarm/base/command.h"
#include "pifarm/cli/checks.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_TIMEOUT_MS = 20 * 1000 };

/* What the program prints; NULL when it cannot be run. Free it. */
static char *ask(const char *program, const char *first, const char *second)
{
    char *answer = NULL;
    g_autoptr(PifCommand) command = pif_command_new(program, first, second, NULL);
    pif_command_set_timeout_ms(command, ANSWER_TIMEOUT_MS);
    return pif_command_run(command, &answer, NULL) ? answer : NULL;
}

/* The first number with dots, as one that can be compared: 7.2.22 -> 7002022. 0: there is none. */
static unsigned parse_version(const char *text)
{
    unsigned major = 0, minor = 0, micro = 0;
    const char *digits = text ? text + strcspn(text, "0123456789") : "";
    if (sscanf(digits, "%3u.%3u.%3u", &major, &minor, &micro) < 2)
        return 0;
    return major * 1000000 + minor * 1000 + micro;
}

static char *format_version(unsigned version)
{
    return g_strdup_printf("%u.%u.%u", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* First QEMU with the machine raspi3b, and those that give usb-net a MAC beginning with 40: (the
 * cure is in 7.2.21 and 10.1, and in some of the stable releases between). */
enum {
    QEMU_RASPI3B = 5002000,
    QEMU_MAC_CURED_EARLY = 7002021,
    QEMU_MAC_BROKEN_AGAIN = 8000000,
    QEMU_MAC_CURED = 10001000
};

PifFinding pif_check_qemu(const PifDoctor *doctor)
{
    (void)doctor;
    static const char install[] = "sudo apt install qemu-system-arm";
    g_autofree char *answer = ask("qemu-system-aarch64", "--version", NULL);
    unsigned version = parse_version(answer);
    g_autofree char *text = format_version(version);
    if (!answer)
        return pif_finding_fail(install, "qemu-system-aarch64 does not run");
    if (!version)
        return pif_finding_warn(NULL, "qemu-system-aarch64 tells no version: %.80s", answer);
    if (version < QEMU_RASPI3B)
        return pif_finding_fail(install, "QEMU %s has no machine raspi3b: 5.2 is the first", text);
    g_autofree char *machines = ask("qemu-system-aarch64", "-machine", "help");
    if (!machines || !strstr(machines, "raspi3b"))
        return pif_finding_fail(install, "this QEMU %s was built without the machine raspi3b",
                                text);
    if (version < QEMU_MAC_CURED_EARLY ||
        (version >= QEMU_MAC_BROKEN_AGAIN && version < QEMU_MAC_CURED))
        return pif_finding_warn("if nodes get no address: QEMU 7.2.21, or 10.1 or newer",
                                "QEMU %s may tell nodes a MAC that begins with 40:", text);
    return pif_finding_ok("QEMU %s", text);
}

static gboolean is_there(const char *pattern)
{
    glob_t found;
    gboolean is_found = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    globfree(&found);
    return is_found;
}

PifFinding pif_check_libvirt(const PifDoctor *doctor)
{
    static const char install[] = "sudo apt install libvirt-daemon libvirt-daemon-driver-qemu";
    gboolean is_embedded = !doctor->farm || !doctor->farm->libvirt_uri;
    g_autofree char *libvirtd = ask("libvirtd", "--version", NULL);
    g_autofree char *answer = libvirtd ? NULL : ask("virtqemud", "--version", NULL);
    unsigned version = parse_version(libvirtd ? libvirtd : answer);
    g_autofree char *text = version ? format_version(version) : g_strdup("of unknown version");
    if (!is_embedded)
        return pif_finding_ok("farm.yaml names one: %s", doctor->farm->libvirt_uri);
    if (!is_there("/usr/lib*/libvirt/connection-driver/libvirt_driver_qemu.so") &&
        !is_there("/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so"))
        return pif_finding_fail(install, "libvirt's QEMU driver is not installed");
    return pif_finding_ok("libvirt %s, within pifarmd", text);
}

PifFinding pif_check_libvirt_user(const PifDoctor *doctor)
{
    (void)doctor;
    if (getpwnam("libvirt-qemu"))
        return pif_finding_ok("libvirt-qemu");
    return pif_finding_fail("sudo apt install libvirt-daemon-system",
                            "there is no user libvirt-qemu for the nodes to run as");
}
