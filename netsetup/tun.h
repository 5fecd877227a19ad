// SPDX-License-Identifier: MIT
// TAPs that stay when nobody has them open: the one link that netlink does not make.
#pragma once

#include "netsetup/state.h"

/* Makes the link with its name, MAC and owner, or nothing. 0, or a negative libnl error. */
int pif_tun_add(const PifLink *link);
