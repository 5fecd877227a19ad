// SPDX-License-Identifier: MIT
// CLONE.note: the inode's number, for a clone may be replaced, and the text.
#include "images/store/clone-note.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { MAX_SIZE = 64 * 1024 };

static char *note_path(const char *clone)
{
    return g_strconcat(clone, ".note", NULL);
}

static char *format(const char *clone, const char *text)
{
    struct stat status;
    if (stat(clone, &status) < 0)
        return NULL;
    return g_strdup_printf("inode %" G_GUINT64_FORMAT "\n%s", (guint64)status.st_ino, text);
}

gboolean pif_clone_has_note(const char *clone, const char *text)
{
    g_autofree char *path = note_path(clone);
    g_autofree char *expected = format(clone, text);
    g_autofree char *found = NULL;
    return expected && pif_file_read(path, MAX_SIZE, &found, NULL, NULL) &&
           g_str_equal(found, expected);
}

gboolean pif_clone_write_note(const char *clone, const char *text, GError **error)
{
    g_autofree char *path = note_path(clone);
    g_autofree char *note = format(clone, text);
    if (!note)
        return pif_error_set_errno(error, errno, "cannot find the clone %s", clone);
    return pif_file_write(path, note, -1, 0600, error);
}

void pif_clone_remove_note(const char *clone)
{
    g_autofree char *path = note_path(clone);
    remove(path);
}
