// SPDX-License-Identifier: MIT
// One HTTP request for a file, or for the rest of one, by libcurl.
#pragma once

#include <glib.h>

/* What the server sends: from where on, how much the whole is (0: unknown), and what it calls this
 * version of it (a strong ETag or the time of its last change; NULL: nothing that can be trusted).
 */
typedef struct {
    guint64 offset;
    guint64 total;
    const char *validator;
} PifAnswer;

/* Told once before the first byte, and once for each block. Their errors end the transfer. */
typedef gboolean (*PifTransferBegin)(gpointer data, const PifAnswer *answer, GError **error);
typedef gboolean (*PifTransferAdd)(gpointer data, const void *bytes, gsize size, GError **error);

typedef struct {
    const char *url;          /* http or https, after redirects too */
    const char *on_behalf_of; /* the URL that is named when no server answers; NULL: url */
    guint64 max_bytes;        /* of the whole file; more is USAGE */
    guint stall_timeout_s;    /* less than 1 KiB/s for so long is TIMEOUT; 0: 60 */
    gboolean may_downgrade;   /* https may redirect to http: there is a checksum from elsewhere */
    guint64 offset; /* so much is there: asks for the rest if the file is still `validator` */
    const char *validator; /* may be NULL with offset 0 */
    const char *known;     /* validator of a version that is not wanted again; may be NULL */
    PifTransferBegin begin;
    PifTransferAdd add;
    gpointer data;

    /* Results, on failure too. */
    int status;            /* of HTTP; 0: no answer */
    gboolean is_unchanged; /* it is `known`: nothing was sent */
    gboolean is_cut;       /* it ended in the middle; another try may go on there */
} PifTransfer;

/* A server that cannot send the rest is asked for the whole: answer.offset is then 0. NOT_FOUND,
 * DENIED, BUSY, TIMEOUT, PROTOCOL, EXTERNAL as the URL, the server or the network failed; the
 * message names the URL. */
gboolean pif_transfer_run(PifTransfer *transfer, GError **error);

/* A small file into memory, NUL-terminated: of transfer its URLs, limits and time count. */
gboolean pif_transfer_read(PifTransfer *transfer, char **ret_text, gsize *ret_size, GError **error);
