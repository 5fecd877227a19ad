// SPDX-License-Identifier: MIT
// The farm's known_hosts, for everybody's ssh.
#pragma once

#include "pifarm/daemon/daemon.h"

/* Writes it anew from the public keys beside the cards. */
gboolean pif_known_hosts_write(const PifDaemon *daemon, GError **error);
