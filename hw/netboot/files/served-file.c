// SPDX-License-Identifier: MIT
// Files in use, by what tells them apart.
#include "hw/netboot/files/served-file.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { READ_AHEAD = 4 << 20 };

static guint file_hash(gconstpointer key)
{
    const PifServedFile *file = key;
    return (guint)(file->inode * 2654435761U ^ file->device);
}

static gboolean file_equal(gconstpointer a, gconstpointer b)
{
    const PifServedFile *left = a;
    const PifServedFile *right = b;
    return left->inode == right->inode && left->device == right->device &&
           left->size == right->size && left->modified_ns == right->modified_ns;
}

GHashTable *pif_served_files_new(void)
{
    return g_hash_table_new(file_hash, file_equal);
}

void pif_served_files_free(GHashTable *open_files)
{
    if (!open_files)
        return;
    g_assert(g_hash_table_size(open_files) == 0);
    g_hash_table_unref(open_files);
}

/* A mapping begins at a page. */
static uint64_t within_page(const PifServedFile *file)
{
    return file->offset % (uint64_t)getpagesize();
}

static gboolean map(PifServedFile *file, int fd, const char *name, GError **error)
{
    uint64_t skip = within_page(file);
    if (file->size == 0)
        return TRUE;
    file->map =
        mmap(NULL, file->size + skip, PROT_READ, MAP_SHARED, fd, (off_t)(file->offset - skip));
    if (file->map == MAP_FAILED)
        return pif_error_set_errno(error, errno, "cannot map %s", name);
    file->bytes = (const uint8_t *)file->map + skip;
    /* the first bytes are wanted at once; the kernel reads ahead by itself after that */
    posix_fadvise(fd, (off_t)file->offset, MIN((off_t)file->size, READ_AHEAD), POSIX_FADV_WILLNEED);
    return TRUE;
}

PifServedFile *pif_served_file_share(GHashTable *open_files, const PifServedFile *described,
                                     PifFd *fd, const char *name, GError **error)
{
    PifServedFile *file = g_hash_table_lookup(open_files, described);
    if (!file) {
        PifServedFile new = *described;
        if (!map(&new, *fd, name, error))
            return NULL;
        new.fd = pif_fd_steal(fd);
        new.open_files = open_files;
        file = g_memdup2(&new, sizeof new);
        g_hash_table_add(open_files, file);
    }
    file->n_users++;
    return file;
}

void pif_served_file_release(PifServedFile *file)
{
    if (!file || --file->n_users > 0)
        return;
    g_hash_table_remove(file->open_files, file);
    if (file->size > 0)
        munmap(file->map, file->size + within_page(file));
    close(file->fd);
    g_free(file);
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv: what tells generated files apart. */
static guint64 hash(const uint8_t *bytes, size_t size)
{
    guint64 sum = 14695981039346656037U;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 1099511628211U;
    return sum;
}

PifServedFile *pif_served_file_generate(GHashTable *open_files, const void *bytes, size_t size,
                                        const char *name, GError **error)
{
    const PifServedFile described = {.size = size, .inode = hash(bytes, size)};
    g_auto(PifFd) fd = memfd_create("generated", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        pif_error_set_errno(error, errno, "cannot make %s", name);
        return NULL;
    }
    return pif_served_file_share(open_files, &described, &fd, name, error);
}
