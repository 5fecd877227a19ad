// SPDX-License-Identifier: MIT
// RFC 2347 to 2349 and 7440: an answer may be less than what was asked for, never more.
#include "hw/netboot/tftp/tftp-negotiate.h"

static void grant(PifTftpOptions *accepted, PifTftpOption option, uint64_t value)
{
    accepted->is_set[option] = true;
    accepted->value[option] = value;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void grant_timeout(uint64_t timeout_s, PifTftpLimits *limits, PifTftpOptions *accepted)
{
    limits->timeout_us = (int64_t)timeout_s * 1000 * 1000;
    if (limits->max_timeout_us < limits->timeout_us)
        limits->max_timeout_us = limits->timeout_us;
    grant(accepted, PIF_TFTP_TIMEOUT, timeout_s);
}

bool pif_tftp_negotiate(const PifTftpOptions *asked, uint64_t size, PifTftpLimits *limits,
                        PifTftpOptions *ret_accepted)
{
    bool has_granted = false;
    *ret_accepted = (PifTftpOptions){0};
    ret_accepted->value[PIF_TFTP_BLKSIZE] = PIF_TFTP_DEFAULT_BLKSIZE;
    ret_accepted->value[PIF_TFTP_WINDOWSIZE] = 1;
    if (asked->is_set[PIF_TFTP_BLKSIZE])
        grant(ret_accepted, PIF_TFTP_BLKSIZE,
              least_of(asked->value[PIF_TFTP_BLKSIZE], limits->max_blksize));
    if (asked->is_set[PIF_TFTP_TSIZE])
        grant(ret_accepted, PIF_TFTP_TSIZE, size);
    if (asked->is_set[PIF_TFTP_TIMEOUT])
        grant_timeout(asked->value[PIF_TFTP_TIMEOUT], limits, ret_accepted);
    if (asked->is_set[PIF_TFTP_WINDOWSIZE])
        grant(ret_accepted, PIF_TFTP_WINDOWSIZE,
              least_of(asked->value[PIF_TFTP_WINDOWSIZE], limits->max_windowsize));
    for (unsigned i = 0; i < PIF_TFTP_N_OPTIONS; i++)
        has_granted = has_granted || ret_accepted->is_set[i];
    return has_granted;
}
