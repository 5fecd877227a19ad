// SPDX-License-Identifier: MIT
// The project's error domain: few codes, each named for what the caller can do, each with an exit
// status.
#pragma once

#include <glib.h>

#define PIF_ERROR (pif_error_quark())

/* The value of a code is the exit status of a program that ends because of it. */
typedef enum {
    PIF_ERROR_EXTERNAL = 1,  /* another program, a library or the kernel failed us */
    PIF_ERROR_USAGE = 2,     /* the command line or API call is wrong: change it */
    PIF_ERROR_CONFIG = 3,    /* a file the user wrote is wrong: edit it */
    PIF_ERROR_NOT_FOUND = 4, /* the thing named is not there */
    PIF_ERROR_EXISTS = 5,    /* the thing to be made is there already */
    PIF_ERROR_DENIED = 6,    /* not allowed: other user, other rights */
    PIF_ERROR_BUSY = 7,      /* in use: stop the user of it, or try again */
    PIF_ERROR_TIMEOUT = 8,   /* it did not happen in time: try again, or allow more */
    PIF_ERROR_PROTOCOL = 9,  /* a peer or a file format did not keep to its specification */
} PifErrorCode;

GQuark pif_error_quark(void);

/* Exit status for an error: its code if it is ours, 1 if it is not; 0 for NULL. */
int pif_error_exit_status(const GError *error);

/* Name of a code as the API writes it ("not-found"), and back; 0 when the name is unknown. */
const char *pif_error_code_name(PifErrorCode code);
PifErrorCode pif_error_code_parse(const char *name);

/* Sets a PIF_ERROR with the text of the errno value err appended ("...: No space left on device").
 * The code follows from err where one fits (ENOENT, EEXIST, EACCES, EBUSY, ETIMEDOUT ...), else
 * EXTERNAL. Returns false. */
gboolean pif_error_set_errno(GError **error, int err, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets a PIF_ERROR; returns false so that `return pif_error_set(...)` reads well. */
gboolean pif_error_set(GError **error, PifErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Moves a foreign error (GIO, libxml ...) into *error as a PIF_ERROR with "prefix: " before its
 * text. An error that is ours already keeps its code. Takes foreign. Returns false. */
gboolean pif_error_take(GError **error, GError *foreign, const char *prefix_format, ...)
    G_GNUC_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time: that these return FALSE has to be said where it looks. */
#define pif_error_set_errno(...) ((void)pif_error_set_errno(__VA_ARGS__), FALSE)
#define pif_error_set(...) ((void)pif_error_set(__VA_ARGS__), FALSE)
#define pif_error_take(...) ((void)pif_error_take(__VA_ARGS__), FALSE)
#endif
