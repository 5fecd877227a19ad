// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as a TFTP packet, and as a client's side of a whole transfer.
#include "hw/netboot/files/names.h"
#include "hw/netboot/tftp/tftp-transfer.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_SIZE = 70000 };

/* What was read is written and read again as the same. */
static void check_packet(const uint8_t *bytes, size_t size)
{
    uint8_t first[2048];
    uint8_t second[2048];
    PifTftpPacket packet;
    PifTftpPacket again;
    if (!pif_tftp_parse(bytes, size, &packet))
        return;
    size_t first_size = pif_tftp_format(&packet, first, sizeof first);
    if (first_size == 0)
        return;
    g_assert_true(pif_tftp_parse(first, first_size, &again));
    g_assert_cmpmem(first, first_size, second, pif_tftp_format(&again, second, sizeof second));
}

static void check_names(const uint8_t *bytes, size_t size)
{
    static const PifNodeIdentity identity = {.has_mac = true,
                                             .has_serial = true,
                                             .mac = {0xb8, 0x27, 0xeb, 1, 2, 3},
                                             .serial = 0x5564247d};
    PifServedNames names;
    g_autofree char *asked = g_strndup((const char *)bytes, size);
    pif_served_names_make(asked, &identity, &names);
    g_assert_cmpuint(names.count, <=, PIF_SERVED_MAX_NAMES);
    for (unsigned i = 0; i < names.count; i++)
        g_assert_true(*names.names[i] != '\0' && *names.names[i] != '/');
}

static void drain(PifTftpTransfer *transfer)
{
    PifTftpOutput output;
    unsigned count = 0;
    while (pif_tftp_transfer_next(transfer, &output)) {
        g_assert_cmpuint(output.head_size, >=, 2);
        g_assert_cmpuint(output.offset + output.length, <=, FILE_SIZE);
        g_assert_cmpuint(++count, <=, transfer->windowsize);
    }
}

/* The first packet is the request, each further one 8 bytes at a time. */
static void check_transfer(const uint8_t *bytes, size_t size)
{
    static const PifTftpLimits limits = PIF_TFTP_LIMITS_DEFAULT;
    PifTftpPacket request;
    PifTftpTransfer transfer;
    int64_t now_us = 0;
    if (!pif_tftp_parse(bytes, size, &request) || request.opcode != PIF_TFTP_RRQ)
        return;
    pif_tftp_transfer_init(&transfer, &limits, &request.options, FILE_SIZE, now_us);
    for (size_t at = 0; at + 8 <= size && !pif_tftp_transfer_is_over(&transfer); at += 8) {
        uint8_t ack[] = {0, PIF_TFTP_ACK, bytes[at], bytes[at + 1]};
        drain(&transfer);
        now_us += bytes[at + 2] * 4096;
        pif_tftp_transfer_receive(&transfer, ack, sizeof ack, now_us);
        pif_tftp_transfer_receive(&transfer, bytes + at, 8, now_us);
        drain(&transfer);
        pif_tftp_transfer_expire(&transfer, now_us);
    }
    g_assert_cmpuint(transfer.acked, <=, transfer.last_block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_packet(data, size);
    check_names(data, size);
    check_transfer(data, size);
    return 0;
}
