// SPDX-License-Identifier: MIT
// Subnets, beside the MAC and IPv4 functions of farm.h.
#pragma once

#include "pifarm/model/farm.h"

/* "10.77.0.0/24": the network's own address, prefix 8 to 28. FALSE otherwise; where only the host
 * bits are wrong, *ret_problem suggests the network. Free it. */
gboolean pif_subnet_parse(const char *text, uint32_t *ret_network, unsigned *ret_prefix_length,
                          char **ret_problem);
uint32_t pif_subnet_broadcast(uint32_t network, unsigned prefix_length);
