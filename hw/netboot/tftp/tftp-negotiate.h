// SPDX-License-Identifier: MIT
// Which of a request's options are granted, for either direction.
#pragma once

#include "hw/netboot/tftp/tftp-transfer.h"

/* Grants what is asked for as far as the limits allow, which then are those of this transfer; size
 * is what tsize is answered with. ret_accepted has what is granted, and the values of blksize and
 * windowsize in any case. Returns whether there is anything for an OACK. Pure. */
bool pif_tftp_negotiate(const PifTftpOptions *asked, uint64_t size, PifTftpLimits *limits,
                        PifTftpOptions *ret_accepted);
