// SPDX-License-Identifier: MIT
// One file on its way to one client: what to send and when, decided from packets and the time.
#pragma once

#include "hw/netboot/tftp/tftp-packet.h"

/* What the server allows, the same for all its transfers. */
typedef struct {
    uint32_t max_blksize;    /* what fits the interface's MTU */
    uint32_t max_windowsize; /* blocks in flight at most */
    uint32_t rollover;       /* the block after 65535: 0, or 1 as some old clients expect it */
    int64_t timeout_us;      /* first retransmission; each further one after twice the time */
    int64_t max_timeout_us;
    unsigned max_tries; /* sends of the same thing before the client counts as gone */
} PifTftpLimits;

/* A Pi gives up on a file after about a second (firmware issue 1025): its first two repeats must
 * come before that. */
#define PIF_TFTP_LIMITS_DEFAULT                                                                    \
    {                                                                                              \
        .max_blksize = 1468, .max_windowsize = 64, .rollover = 0, .timeout_us = 250 * 1000,        \
        .max_timeout_us = 4 * 1000 * 1000, .max_tries = 6,                                         \
    }

typedef enum {
    PIF_TFTP_OFFERING, /* the OACK is out, ACK 0 has not come */
    PIF_TFTP_SENDING,
    PIF_TFTP_DONE,    /* the last block is acknowledged */
    PIF_TFTP_ABORTED, /* the client sent an ERROR, which is how the ROM asks whether a file exists
                       */
    PIF_TFTP_SILENT,  /* the client does not answer any more */
} PifTftpState;

typedef struct {
    PifTftpLimits limits;
    PifTftpOptions accepted; /* what the OACK says */
    PifTftpState state;
    uint32_t blksize;
    uint32_t windowsize;
    uint64_t file_size;
    /* Blocks are counted from 1 and do not roll over here. */
    uint64_t last_block;   /* the one shorter than the others, maybe empty */
    uint64_t acked;        /* all up to here have arrived */
    uint64_t next;         /* to be handed out */
    uint64_t highest_sent; /* an ACK above it is not for us */
    bool is_oack_due;
    bool is_duplicate_answered; /* once for each ACK, or duplicates would breed duplicates */
    int64_t timeout_us;
    int64_t deadline_us;
    unsigned tries;
    uint64_t n_resent; /* blocks sent again */
    uint16_t error;    /* the client's, when ABORTED */
} PifTftpTransfer;

/* A packet to send: head, then length bytes of the file at offset. */
typedef struct {
    uint8_t head[96]; /* an OACK of all options has at most 74 */
    size_t head_size;
    uint64_t offset;
    uint32_t length;
} PifTftpOutput;

/* The request's options are granted as far as the limits allow; without options DATA 1 comes first.
 */
void pif_tftp_transfer_init(PifTftpTransfer *transfer, const PifTftpLimits *limits,
                            const PifTftpOptions *asked, uint64_t file_size, int64_t now_us);

/* A packet from the client. What does not fit the state of things is passed over. */
void pif_tftp_transfer_receive(PifTftpTransfer *transfer, const void *bytes, size_t size,
                               int64_t now_us);

/* The time has passed; nothing happens before deadline_us. */
void pif_tftp_transfer_expire(PifTftpTransfer *transfer, int64_t now_us);

/* The next packet that is due; false when there is none until something else is received or
 * expires. To be called after each of the functions above, as often as it is true. */
bool pif_tftp_transfer_next(PifTftpTransfer *transfer, PifTftpOutput *ret_output);

/* Sends all over that has not been acknowledged: the client repeated its request. */
void pif_tftp_transfer_repeat(PifTftpTransfer *transfer, int64_t now_us);

static inline bool pif_tftp_transfer_is_over(const PifTftpTransfer *transfer)
{
    return transfer->state >= PIF_TFTP_DONE;
}
