// SPDX-License-Identifier: MIT
// CLONE.note: the inode's number, for a clone may be replaced, and the text.
#include "images/store/clone-note.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

static char *unfinished_path(const char *clone)
{
    return g_strconcat(clone, ".note.new", NULL);
}

static gboolean write_file(const char *path, const char *text)
{
    size_t size = strlen(text);
    g_auto(PifFd) fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, text, size) == (ssize_t)size;
}

/* Not synced: a note that is lost only costs the work once more. What a killed process leaves has
 * one name, which the next takes. */
gboolean pif_clone_write_note(const char *clone, const char *text, GError **error)
{
    g_autofree char *path = note_path(clone);
    g_autofree char *unfinished = unfinished_path(clone);
    g_autofree char *note = format(clone, text);
    if (!note)
        return pif_error_set_errno(error, errno, "cannot find the clone %s", clone);
    return (write_file(unfinished, note) && rename(unfinished, path) == 0) ||
           pif_error_set_errno(error, errno, "cannot write %s", path);
}

void pif_clone_remove_note(const char *clone)
{
    g_autofree char *path = note_path(clone);
    g_autofree char *unfinished = unfinished_path(clone);
    remove(path);
    remove(unfinished);
}
