// SPDX-License-Identifier: MIT
// One file on its way from a client to us: what to answer and when, decided from packets and the
// time.
#pragma once

#include "hw/netboot/tftp/tftp-transfer.h"

typedef enum {
    PIF_TFTP_RECEIVING,
    PIF_TFTP_RECEIVED,  /* the last block is here; its ACK may yet have to be repeated */
    PIF_TFTP_TOO_LARGE, /* for us */
    PIF_TFTP_GIVEN_UP,  /* the client sent an ERROR, or nothing any more */
} PifTftpReceptionState;

typedef struct {
    PifTftpLimits limits;
    PifTftpOptions accepted; /* what the OACK says */
    PifTftpReceptionState state;
    uint32_t blksize;
    uint32_t windowsize;
    uint64_t max_size;
    uint64_t size; /* received */
    /* Blocks are counted from 1 and do not roll over here. */
    uint64_t last;      /* all up to here are here */
    uint32_t in_window; /* since the last ACK */
    bool has_oack;
    bool is_reply_due;
    int64_t timeout_us;
    int64_t deadline_us;
    unsigned tries;
} PifTftpReception;

/* The request's options are granted as far as the limits allow. */
void pif_tftp_reception_init(PifTftpReception *reception, const PifTftpLimits *limits,
                             const PifTftpOptions *asked, uint64_t max_size, int64_t now_us);

/* A packet from the client. Bytes of the file that it brings, which follow those before, are
 * returned with their number; they point into the packet. NULL: none. */
const uint8_t *pif_tftp_reception_receive(PifTftpReception *reception, const void *bytes,
                                          size_t size, int64_t now_us, size_t *ret_size);

/* The time has passed; nothing happens before deadline_us. */
void pif_tftp_reception_expire(PifTftpReception *reception, int64_t now_us);

/* The client repeated its request, or anything else calls for the last answer once more. */
void pif_tftp_reception_repeat(PifTftpReception *reception);

/* The answer that is due; 0: none. To be called after each of the functions above. */
size_t pif_tftp_reception_reply(PifTftpReception *reception, uint8_t *buffer, size_t size);
