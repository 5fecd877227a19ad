// SPDX-License-Identifier: MIT
// The receiver's side of TFTP as a state machine without socket or clock.
#include "hw/netboot/tftp/tftp-reception.h"

#include "hw/netboot/tftp/tftp-negotiate.h"

static void restart_clock(PifTftpReception *reception, int64_t now_us)
{
    reception->tries = 1;
    reception->timeout_us = reception->limits.timeout_us;
    reception->deadline_us = now_us + reception->timeout_us;
}

void pif_tftp_reception_init(PifTftpReception *reception, const PifTftpLimits *limits,
                             const PifTftpOptions *asked, uint64_t max_size, int64_t now_us)
{
    *reception = (PifTftpReception){.limits = *limits, .max_size = max_size, .is_reply_due = true};
    reception->has_oack = pif_tftp_negotiate(asked, asked->value[PIF_TFTP_TSIZE],
                                             &reception->limits, &reception->accepted);
    reception->blksize = (uint32_t)reception->accepted.value[PIF_TFTP_BLKSIZE];
    reception->windowsize = (uint32_t)reception->accepted.value[PIF_TFTP_WINDOWSIZE];
    if (asked->is_set[PIF_TFTP_TSIZE] && asked->value[PIF_TFTP_TSIZE] > max_size)
        reception->state = PIF_TFTP_TOO_LARGE;
    restart_clock(reception, now_us);
}

/* Any block but the next one, also one that is larger than agreed, says that our answer was lost:
 * it is repeated (RFC 7440, section 4). */
static const uint8_t *receive_data(PifTftpReception *reception, const PifTftpPacket *packet,
                                   int64_t now_us, size_t *ret_size)
{
    if (reception->state != PIF_TFTP_RECEIVING ||
        packet->block != (uint16_t)(reception->last + 1) ||
        packet->data_size > reception->blksize) {
        reception->is_reply_due = true;
        reception->in_window = 0;
        return NULL;
    }
    if (packet->data_size > reception->max_size - reception->size) {
        reception->state = PIF_TFTP_TOO_LARGE;
        return NULL;
    }
    restart_clock(reception, now_us);
    reception->last++;
    reception->size += packet->data_size;
    if (packet->data_size < reception->blksize)
        reception->state = PIF_TFTP_RECEIVED;
    if (++reception->in_window == reception->windowsize || reception->state == PIF_TFTP_RECEIVED) {
        reception->in_window = 0;
        reception->is_reply_due = true;
    }
    *ret_size = packet->data_size;
    return packet->data;
}

const uint8_t *pif_tftp_reception_receive(PifTftpReception *reception, const void *bytes,
                                          size_t size, int64_t now_us, size_t *ret_size)
{
    PifTftpPacket packet;
    *ret_size = 0;
    if (reception->state > PIF_TFTP_RECEIVED || !pif_tftp_parse(bytes, size, &packet))
        return NULL;
    if (packet.opcode == PIF_TFTP_DATA)
        return receive_data(reception, &packet, now_us, ret_size);
    if (packet.opcode == PIF_TFTP_ERROR && reception->state == PIF_TFTP_RECEIVING)
        reception->state = PIF_TFTP_GIVEN_UP;
    return NULL;
}

void pif_tftp_reception_expire(PifTftpReception *reception, int64_t now_us)
{
    if (reception->state != PIF_TFTP_RECEIVING || now_us < reception->deadline_us)
        return;
    if (reception->tries >= reception->limits.max_tries) {
        reception->state = PIF_TFTP_GIVEN_UP;
        return;
    }
    reception->tries++;
    reception->timeout_us *= 2;
    if (reception->timeout_us > reception->limits.max_timeout_us)
        reception->timeout_us = reception->limits.max_timeout_us;
    reception->deadline_us = now_us + reception->timeout_us;
    reception->is_reply_due = true;
}

void pif_tftp_reception_repeat(PifTftpReception *reception)
{
    reception->is_reply_due = true;
}

size_t pif_tftp_reception_reply(PifTftpReception *reception, uint8_t *buffer, size_t size)
{
    if (!reception->is_reply_due || reception->state > PIF_TFTP_RECEIVED)
        return 0;
    reception->is_reply_due = false;
    PifTftpPacket packet = {.opcode = PIF_TFTP_ACK, .block = (uint16_t)reception->last};
    if (reception->last == 0 && reception->has_oack) {
        packet.opcode = PIF_TFTP_OACK;
        packet.options = reception->accepted;
    }
    return pif_tftp_format(&packet, buffer, size);
}
