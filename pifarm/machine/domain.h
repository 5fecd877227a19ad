// SPDX-License-Identifier: MIT
// The libvirt domain of a virtual node: its XML, from a plain description. Pure.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
    const char *name; /* "lab-n1": farm and node */
    const char *farm; /* goes into <metadata> with the node name, so that domains are found again */
    const char *node;
    const char *emulator; /* NULL: what the hypervisor wants (pifarm-qemu beside us, for the
                             embedded driver) */
    const char *disk;     /* qcow2 clone */
    const char *kernel;
    const char *initramfs; /* or NULL */
    const char *device_tree;
    const char *command_line;
    const char *bridge;
    const char *tap;        /* "q0tap1" */
    const uint8_t *mac;     /* 6 bytes */
    struct {                /* an adapter on a net of QEMU's own */
        const uint8_t *mac; /* NULL: none */
        unsigned id;        /* 1 to 254, the net is 100.65.<id>.0/24, the guest's address .15 */
        const char *const *forwards; /* as QEMU's hostfwd takes them; NULL-terminated */
    } wan;
    struct {                /* an adapter on a TAP that is there already, and in no bridge */
        const char *tap;    /* "q1tap1"; NULL: none */
        const uint8_t *mac; /* 6 bytes */
    } wlan;
    /* File that gets all that the second serial port (the mini UART) prints; appended to. */
    const char *console_log;
    /* File that gets what the first serial port (the PL011) prints; appended to. */
    const char *kernel_log;
    /* A host thread for each of the four cores instead of one for all. Decided by
     * pif_hypervisor_start() from the host's processors, whatever it says here. */
    gboolean is_multithreaded;
} PifMachineSpec;

/* Namespace of our element in a domain's <metadata>: <pifarm:node farm="lab" name="n1"/>. */
#define PIF_DOMAIN_NAMESPACE "urn:pifarm:domain:1"

/* Free it. */
char *pif_domain_xml(const PifMachineSpec *spec);

/* Derived from the names of farm and node, so that a node is the same domain every time. Free it.
 */
char *pif_domain_uuid(const char *farm, const char *node);

/* One host thread emulates a guest's four cores unless the host has four processors for every guest
 * that runs, this one counted (n_running is the number before it). IMAGES.md section 3: on two
 * processors one thread makes a guest boot in half the time. */
gboolean pif_domain_wants_threads(unsigned n_processors, unsigned n_running);

/* The node named in a domain's metadata element, when that is of this farm; else NULL. Free it. */
char *pif_domain_parse_metadata(const char *xml, const char *farm);
