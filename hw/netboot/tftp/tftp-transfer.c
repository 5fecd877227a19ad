// SPDX-License-Identifier: MIT
// The sender's side of TFTP as a state machine without socket or clock.
#include "hw/netboot/tftp/tftp-transfer.h"

#include "hw/netboot/tftp/tftp-negotiate.h"

#include <string.h>

static uint64_t least_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void restart_clock(PifTftpTransfer *transfer, int64_t now_us)
{
    transfer->tries = 1;
    transfer->timeout_us = transfer->limits.timeout_us;
    transfer->deadline_us = now_us + transfer->timeout_us;
}

void pif_tftp_transfer_init(PifTftpTransfer *transfer, const PifTftpLimits *limits,
                            const PifTftpOptions *asked, uint64_t file_size, int64_t now_us)
{
    *transfer = (PifTftpTransfer){.limits = *limits, .file_size = file_size, .next = 1};
    transfer->is_oack_due =
        pif_tftp_negotiate(asked, file_size, &transfer->limits, &transfer->accepted);
    transfer->blksize = (uint32_t)transfer->accepted.value[PIF_TFTP_BLKSIZE];
    transfer->windowsize = (uint32_t)transfer->accepted.value[PIF_TFTP_WINDOWSIZE];
    transfer->state = transfer->is_oack_due ? PIF_TFTP_OFFERING : PIF_TFTP_SENDING;
    transfer->last_block = file_size / transfer->blksize + 1;
    restart_clock(transfer, now_us);
}

/* The 16 bits that stand for a block: 65535 is followed by 0 or by 1. */
static uint16_t wire_block(const PifTftpTransfer *transfer, uint64_t block)
{
    if (transfer->limits.rollover == 0 || block == 0)
        return (uint16_t)block;
    return (uint16_t)((block - 1) % UINT16_MAX + 1);
}

/* How many blocks an ACK is ahead of the last one; 65536 when no block has that number. */
static uint32_t distance_to(const PifTftpTransfer *transfer, uint16_t block)
{
    uint32_t last = wire_block(transfer, transfer->acked);
    if (transfer->limits.rollover == 0 || transfer->acked == 0)
        return (uint16_t)(block - last);
    if (block == 0)
        return UINT16_MAX + 1;
    return (block + UINT16_MAX - last) % UINT16_MAX;
}

/* RFC 1123, section 4.2.3.1: never answer a duplicate ACK with DATA. With a window the ACK of the
 * block before it says that its first block was lost (RFC 7440, section 4). */
static void receive_duplicate(PifTftpTransfer *transfer)
{
    if (transfer->windowsize == 1 || transfer->is_duplicate_answered)
        return;
    transfer->is_duplicate_answered = true;
    transfer->next = transfer->acked + 1;
}

static void receive_ack(PifTftpTransfer *transfer, uint16_t block, int64_t now_us)
{
    if (transfer->state == PIF_TFTP_OFFERING) {
        if (block != 0)
            return;
        transfer->state = PIF_TFTP_SENDING;
        restart_clock(transfer, now_us);
        return;
    }
    uint32_t distance = distance_to(transfer, block);
    if (distance == 0) {
        receive_duplicate(transfer);
        return;
    }
    if (distance > transfer->highest_sent - transfer->acked)
        return;
    transfer->acked += distance;
    transfer->next = transfer->acked + 1;
    transfer->is_duplicate_answered = false;
    restart_clock(transfer, now_us);
    if (transfer->acked == transfer->last_block)
        transfer->state = PIF_TFTP_DONE;
}

void pif_tftp_transfer_receive(PifTftpTransfer *transfer, const void *bytes, size_t size,
                               int64_t now_us)
{
    PifTftpPacket packet;
    if (pif_tftp_transfer_is_over(transfer) || !pif_tftp_parse(bytes, size, &packet))
        return;
    if (packet.opcode == PIF_TFTP_ACK) {
        receive_ack(transfer, packet.block, now_us);
    } else if (packet.opcode == PIF_TFTP_ERROR) {
        transfer->state = PIF_TFTP_ABORTED;
        transfer->error = packet.error;
    }
}

static void send_again(PifTftpTransfer *transfer)
{
    transfer->is_oack_due = transfer->state == PIF_TFTP_OFFERING;
    transfer->next = transfer->acked + 1;
}

void pif_tftp_transfer_expire(PifTftpTransfer *transfer, int64_t now_us)
{
    if (pif_tftp_transfer_is_over(transfer) || now_us < transfer->deadline_us)
        return;
    if (transfer->tries >= transfer->limits.max_tries) {
        transfer->state = PIF_TFTP_SILENT;
        return;
    }
    transfer->tries++;
    transfer->timeout_us = (int64_t)least_of((uint64_t)transfer->timeout_us * 2,
                                             (uint64_t)transfer->limits.max_timeout_us);
    transfer->deadline_us = now_us + transfer->timeout_us;
    send_again(transfer);
}

void pif_tftp_transfer_repeat(PifTftpTransfer *transfer, int64_t now_us)
{
    restart_clock(transfer, now_us);
    send_again(transfer);
}

static void make_oack(PifTftpTransfer *transfer, PifTftpOutput *output)
{
    const PifTftpPacket packet = {.opcode = PIF_TFTP_OACK, .options = transfer->accepted};
    output->head_size = pif_tftp_format(&packet, output->head, sizeof output->head);
    output->offset = 0;
    output->length = 0;
    transfer->is_oack_due = false;
}

static void make_data(PifTftpTransfer *transfer, PifTftpOutput *output)
{
    uint64_t block = transfer->next++;
    const PifTftpPacket packet = {.opcode = PIF_TFTP_DATA, .block = wire_block(transfer, block)};
    output->head_size = pif_tftp_format(&packet, output->head, sizeof output->head);
    output->offset = (block - 1) * transfer->blksize;
    output->length = (uint32_t)least_of(transfer->blksize, transfer->file_size - output->offset);
    if (block <= transfer->highest_sent)
        transfer->n_resent++;
    else
        transfer->highest_sent = block;
}

bool pif_tftp_transfer_next(PifTftpTransfer *transfer, PifTftpOutput *ret_output)
{
    if (pif_tftp_transfer_is_over(transfer))
        return false;
    if (transfer->state == PIF_TFTP_OFFERING) {
        if (!transfer->is_oack_due)
            return false;
        make_oack(transfer, ret_output);
        return true;
    }
    uint64_t last = least_of(transfer->acked + transfer->windowsize, transfer->last_block);
    if (transfer->next > last)
        return false;
    make_data(transfer, ret_output);
    return true;
}
