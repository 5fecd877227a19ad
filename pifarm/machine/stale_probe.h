// SPDX-License-Identifier: MIT
// The QEMU that libvirt asks what it can do, left behind by a daemon that was killed while it
// asked.
#pragma once

/* Kills those that belong to this libvirt root, which no other process has open, and removes their
 * folders. */
void pif_stale_probes_kill(const char *root);
