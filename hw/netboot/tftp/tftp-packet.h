// SPDX-License-Identifier: MIT
// TFTP on the wire: packets to structs and back (RFC 1350, 2347, 2348, 2349, 7440).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 1350, section 5; OACK: RFC 2347 */
typedef enum {
    PIF_TFTP_RRQ = 1,
    PIF_TFTP_WRQ = 2,
    PIF_TFTP_DATA = 3,
    PIF_TFTP_ACK = 4,
    PIF_TFTP_ERROR = 5,
    PIF_TFTP_OACK = 6,
} PifTftpOpcode;

/* RFC 1350, appendix; the last one RFC 2347 */
typedef enum {
    PIF_TFTP_ERROR_OTHER = 0, /* also the ROM's "Early terminate" */
    PIF_TFTP_ERROR_NOT_FOUND = 1,
    PIF_TFTP_ERROR_ACCESS = 2,
    PIF_TFTP_ERROR_FULL = 3,
    PIF_TFTP_ERROR_ILLEGAL = 4,
    PIF_TFTP_ERROR_UNKNOWN_TID = 5,
    PIF_TFTP_ERROR_EXISTS = 6,
    PIF_TFTP_ERROR_NO_USER = 7,
    PIF_TFTP_ERROR_OPTION = 8,
} PifTftpErrorCode;

typedef enum {
    PIF_TFTP_BLKSIZE,    /* RFC 2348: 8 to 65464 */
    PIF_TFTP_TSIZE,      /* RFC 2349 */
    PIF_TFTP_TIMEOUT,    /* RFC 2349: 1 to 255 seconds */
    PIF_TFTP_WINDOWSIZE, /* RFC 7440: 1 to 65535 blocks */
    PIF_TFTP_N_OPTIONS,
} PifTftpOption;

enum {
    PIF_TFTP_REQUEST_MAX = 512,    /* RFC 2347: a request is no longer */
    PIF_TFTP_HEAD_SIZE = 4,        /* of DATA and ACK */
    PIF_TFTP_DEFAULT_BLKSIZE = 512 /* RFC 1350 */
};

/* An option whose value is not a number in its range counts as not there: RFC 2347 lets a server
 * leave out what it does not take. */
typedef struct {
    bool is_set[PIF_TFTP_N_OPTIONS];
    uint64_t value[PIF_TFTP_N_OPTIONS];
} PifTftpOptions;

/* Strings and data point into the bytes that were parsed. Members that the opcode does not have are
 * zero. */
typedef struct {
    PifTftpOpcode opcode;
    const char *file; /* RRQ, WRQ */
    const char *mode;
    PifTftpOptions options; /* RRQ, WRQ, OACK */
    uint16_t block;         /* DATA, ACK */
    const uint8_t *data;    /* DATA */
    size_t data_size;
    uint16_t error;      /* ERROR */
    const char *message; /* "" when it lacks its end */
} PifTftpPacket;

/* False when it is not a packet. Unknown options, and what comes after a broken one, are passed
 * over. */
bool pif_tftp_parse(const void *bytes, size_t size, PifTftpPacket *ret_packet);

/* Size of the packet written, 0 when it does not fit. DATA with data NULL: its head alone. */
size_t pif_tftp_format(const PifTftpPacket *packet, void *buffer, size_t size);
