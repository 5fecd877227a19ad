// SPDX-License-Identifier: MIT
// What `pifarm doctor` looks at: each check gives a verdict, what it found, and the command that
// mends it.
#pragma once

#include "pifarm/cli/client.h"

typedef enum { PIF_VERDICT_OK, PIF_VERDICT_WARNING, PIF_VERDICT_FAILURE } PifVerdict;

typedef struct {
    PifVerdict verdict;
    char *found;
    char *mend; /* NULL: nothing to mend, or nothing known */
} PifFinding;

void pif_finding_clear(PifFinding *finding);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifFinding, pif_finding_clear)

/* mend may be NULL. */
PifFinding pif_finding_ok(const char *format, ...) G_GNUC_PRINTF(1, 2);
PifFinding pif_finding_warn(const char *mend, const char *format, ...) G_GNUC_PRINTF(2, 3);
PifFinding pif_finding_fail(const char *mend, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What checks have in common, found out once. */
typedef struct {
    char *farm_path;        /* NULL: there is no farm.yaml */
    PifFarm *farm;          /* NULL: none, or it has mistakes */
    GError *farm_error;     /* why farm is NULL */
    PifClient *client;      /* NULL: no daemon answers */
    GError *client_error;   /* a daemon is there but no use to this farm */
    unsigned n_nodes_to_go; /* nodes of the farm that are off now */
} PifDoctor;

typedef struct {
    const char *name;
    PifFinding (*run)(const PifDoctor *doctor);
    gboolean needs_farm; /* run only when doctor->farm is there */
} PifCheck;

/* checks-host.c */
PifFinding pif_check_rights(const PifDoctor *doctor);
PifFinding pif_check_programs(const PifDoctor *doctor);
PifFinding pif_check_tun(const PifDoctor *doctor);
PifFinding pif_check_fuse(const PifDoctor *doctor);
PifFinding pif_check_arm_programs(const PifDoctor *doctor);

/* checks-machine.c */
PifFinding pif_check_qemu(const PifDoctor *doctor);
PifFinding pif_check_libvirt(const PifDoctor *doctor);
PifFinding pif_check_libvirt_user(const PifDoctor *doctor);

/* checks-appliance.c */
PifFinding pif_check_appliance_kernel(const PifDoctor *doctor);
PifFinding pif_check_appliance_speed(const PifDoctor *doctor);

/* checks-room.c */
PifFinding pif_check_memory(const PifDoctor *doctor);
PifFinding pif_check_disk(const PifDoctor *doctor);

/* checks-network.c */
PifFinding pif_check_packet_filter(const PifDoctor *doctor);
PifFinding pif_check_subnet(const PifDoctor *doctor);
PifFinding pif_check_ports(const PifDoctor *doctor);

/* checks-farm.c */
PifFinding pif_check_farm_file(const PifDoctor *doctor);
PifFinding pif_check_images(const PifDoctor *doctor);
PifFinding pif_check_logins(const PifDoctor *doctor);
PifFinding pif_check_daemon(const PifDoctor *doctor);
