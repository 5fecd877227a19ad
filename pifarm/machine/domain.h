// SPDX-License-Identifier: MIT
// The libvirt domain of a virtual node: its XML, from a plain description. Pure.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>
#include <stdint.h>

typedef struct {
    const char *name; /* "lab-n1": farm and node */
    const char *farm; /* goes into <metadata> with the node name, so that domains are found again */
    const char *node;
    const char *emulator; /* pifarm-qemu (see there), or qemu-system-aarch64 */
    const char *disk;     /* qcow2 clone */
    const char *kernel;
    const char *initramfs; /* or NULL */
    const char *device_tree;
    const char *command_line;
    const char *bridge;
    const char *tap;    /* "q0tap1" */
    const uint8_t *mac; /* 6 bytes */
    const char
        *console_log; /* file that gets all that the second serial port (the mini UART) prints */
    const char *kernel_log; /* file that gets what the first serial port (PL011) prints */
} PifMachineSpec;

/* UUID derived from farm and node name, so that defining twice is the same domain. Free it. */
char *pif_domain_xml(const PifMachineSpec *spec);

/* The card's command line for QEMU, listed in docs: serial0/serial1 resolved, ttyS1 console,
 * watchdog and dwc_otg traps, cdc_subset kept off usb-net, quiet where it saves seconds. Never
 * written to the card. Free it. */
char *pif_domain_command_line(const char *of_card);
