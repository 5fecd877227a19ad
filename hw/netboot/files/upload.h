// SPDX-License-Identifier: MIT
// Files that nodes may write: into a folder of their own, seen under their name when whole.
#pragma once

#include "hw/netboot/files/node-identity.h"

#include <glib.h>

typedef struct PifUploads PifUploads;
typedef struct PifUpload PifUpload;

/* A node may write if the folder has one with its MAC or serial as its name (names.h). */
PifUploads *pif_uploads_open(const char *path, guint64 max_size, gboolean may_replace,
                             GError **error);
void pif_uploads_free(PifUploads *uploads);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifUploads, pif_uploads_free)

guint64 pif_uploads_max_size(const PifUploads *uploads);

/* A file of that node. DENIED: the node has no folder there, or the name leads out of it; EXISTS:
 * it is there already and stays. name is as asked. */
PifUpload *pif_upload_start(const PifUploads *uploads, const PifNodeIdentity *identity,
                            const char *name, GError **error);
/* The next bytes. */
gboolean pif_upload_write(PifUpload *upload, const void *bytes, gsize size, GError **error);
/* Gives it its name. */
gboolean pif_upload_finish(PifUpload *upload, GError **error);
/* What is not finished is gone. NULL is fine. */
void pif_upload_free(PifUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifUpload, pif_upload_free)

/* "5564247d/log.txt": beneath the folder of all uploads. */
const char *pif_upload_path(const PifUpload *upload);
