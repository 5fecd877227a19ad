// SPDX-License-Identifier: MIT
// What the files of the TFTP server share: the server, its clients, the transfers of each.
#pragma once

#include "hw/netboot/tftp/tftp-server.h"

typedef struct PifTftpClient PifTftpClient;
typedef struct PifTftpJob PifTftpJob;
typedef struct PifTftpUpload PifTftpUpload;

/* An address with at least one open transfer. */
struct PifTftpClient {
    uint32_t address; /* network order; the key */
    unsigned n_jobs;
    PifTftpJob *first;
};

/* A transfer with its socket. */
struct PifTftpJob {
    PifWatch watch;
    PifTimer timer;
    PifTftpServer *server;
    PifTftpClient *client;
    PifTftpJob *next; /* of the same client */
    PifTftpTransfer transfer;
    PifTftpOptions options; /* as asked */
    PifServedFile *file;
    struct sockaddr_in peer;
    PifNodeIdentity identity;
    char *asked;
    char *path;
    int64_t started_us;
};

struct PifTftpServer {
    PifWatch watch;
    PifLoop *loop;
    PifTftpConfig config;
    GHashTable *clients; /* PifTftpClient by address */
    unsigned n_jobs;
    GHashTable *uploads; /* PifTftpUpload by address and port */
};

/* A request with what came with it. */
typedef struct {
    PifTftpPacket packet;
    struct sockaddr_in peer;
    struct in_addr local; /* where it was sent to */
    PifNodeIdentity identity;
    int64_t now_us;
} PifTftpRequest;

/* A socket that talks to that peer only; -1 with errno. */
int pif_tftp_connect(const PifTftpRequest *request);

PifTftpClient *pif_tftp_client_find(const PifTftpServer *server, uint32_t address);
PifTftpJob *pif_tftp_job_find(const PifTftpServer *server, const struct sockaddr_in *peer);

/* Begins to send; takes file. */
gboolean pif_tftp_job_start(PifTftpServer *server, const PifTftpRequest *request,
                            PifServedFile *file, const char *path, GError **error);
/* The client asked for the same again: it may not have heard the answer. */
void pif_tftp_job_repeat(PifTftpJob *job, int64_t now_us);
/* Ends a transfer; message: why, if it did not end by itself. */
void pif_tftp_job_end(PifTftpJob *job, const char *message, int64_t now_us);
void pif_tftp_job_free(PifTftpJob *job);

/* Begins to receive; takes file, also when it fails. */
gboolean pif_tftp_upload_start(PifTftpServer *server, const PifTftpRequest *request,
                               PifUpload *file, GError **error);
/* Whether that port sends the same file already, and has been answered again. */
gboolean pif_tftp_upload_repeat(PifTftpServer *server, const PifTftpRequest *request);
void pif_tftp_upload_free(gpointer upload);
