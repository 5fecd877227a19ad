// SPDX-License-Identifier: MIT
// The TFTP server: a socket for requests, one for each transfer, and limits against strangers.
#pragma once

#include "hw/netboot/files/served-tree.h"
#include "hw/netboot/files/upload.h"
#include "hw/netboot/loop/loop.h"
#include "hw/netboot/tftp/tftp-transfer.h"

#include <netinet/in.h>

typedef enum {
    PIF_TFTP_EVENT_SENT,     /* all of it arrived */
    PIF_TFTP_EVENT_RECEIVED, /* a file that the client wrote */
    PIF_TFTP_EVENT_PROBED,   /* the client ended it by an ERROR: it only wanted to know */
    PIF_TFTP_EVENT_MISSING,  /* no such file */
    PIF_TFTP_EVENT_REFUSED,  /* what was asked is not done here */
    PIF_TFTP_EVENT_FAILED,   /* the client went silent, the file changed, or sending failed */
} PifTftpEventKind;

/* What happened, once for each request. */
typedef struct {
    PifTftpEventKind kind;
    struct sockaddr_in client;
    PifNodeIdentity identity;
    const char *file;    /* as asked; any bytes */
    const char *path;    /* as found, or NULL */
    const char *message; /* why, or NULL */
    uint64_t size;
    uint64_t n_resent;
    uint32_t blksize;
    uint32_t windowsize;
    int64_t duration_us;
} PifTftpEvent;

typedef struct {
    PifServedTree *tree;       /* outlives the server */
    const PifUploads *uploads; /* likewise; NULL: nobody may write */
    PifTftpLimits limits;
    unsigned max_transfers;
    unsigned max_per_client;
    /* Who has that address; may be NULL. */
    void (*identify)(const struct sockaddr_in *client, PifNodeIdentity *ret_identity,
                     gpointer data);
    void (*on_event)(const PifTftpEvent *event, gpointer data);
    gpointer data;
} PifTftpConfig;

typedef struct PifTftpServer PifTftpServer;

/* The socket for requests, bound to that address and, unless interface is NULL, to that interface.
 * port 0: any. */
gboolean pif_tftp_listen(const char *interface, const struct sockaddr_in *address, int *ret_fd,
                         GError **error);

/* Takes fd, by pif_tftp_listen(). The loop outlives the server. */
PifTftpServer *pif_tftp_server_new(PifLoop *loop, int fd, const PifTftpConfig *config,
                                   GError **error);
/* Ends what goes on without a word. */
void pif_tftp_server_free(PifTftpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifTftpServer, pif_tftp_server_free)

unsigned pif_tftp_server_count(const PifTftpServer *server);
