// SPDX-License-Identifier: MIT
// A card as a raw file: qemu-storage-daemon's FUSE export, held by a descriptor instead of a mount.
#include "images/card/card.h"

#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

enum {
    READY_TIMEOUT_MS = 10 * 1000, /* takes 5 to 10 ms; more only on a stalled disk */
    READY_FD = 3,
    LOG_MAX = 64 * 1024,
};

struct PifCard {
    char *path;
    char *raw_path;
    const char *in_use_below; /* NULL: what is under it is found by name, and nobody writes to it */
    GSubprocess *daemon;      /* NULL: the file itself is raw */
    PifFd fd;
    gboolean is_writable;
    gboolean is_in_use; /* by somebody else, maybe */
    gboolean is_new;    /* flushed by ourselves, once */
    guint64 offset;     /* of the part that is shown, bytes */
    guint64 size;       /* of it; 0: all */
};

/* Where an export appears until we have it open. */
typedef struct {
    PifScratch scratch;
    char *mount_point;
    char *log;
} Workplace;

static void workplace_clear(Workplace *place)
{
    pif_scratch_clear(&place->scratch);
    g_free(place->mount_point);
    g_free(place->log);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Workplace, workplace_clear)

static gboolean workplace_make(Workplace *place, GError **error)
{
    if (!pif_scratch_make(&place->scratch, error))
        return FALSE;
    place->mount_point = pif_scratch_path(&place->scratch, "card");
    place->log = pif_scratch_path(&place->scratch, "log");
    g_auto(PifFd) fd = open(place->mount_point, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot make %s", place->mount_point);
    return TRUE;
}

static gboolean is_qcow2(int fd)
{
    char magic[4] = "";
    return pread(fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, "QFI\xfb", 4) == 0;
}

/* JSON, because a path may have commas, which QEMU's key=value form would take apart. */
static void add_json(PifCommand *command, const char *option, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    pif_command_add(command, option);
    pif_command_add(command, text);
    free(text);
    json_decref(object);
}

static json_t *describe_disk(const PifCard *card, const char *format)
{
    json_t *disk =
        json_pack("{ss ss sb sb s{sb} s{ss ss}}", "driver", format, "node-name", "card",
                  "read-only", !card->is_writable, "force-share", card->is_in_use, "cache",
                  "no-flush", card->is_new, "file", "driver", "file", "filename", card->path);
    if (card->size) {
        json_object_set_new(disk, "offset", json_integer((json_int_t)card->offset));
        json_object_set_new(disk, "size", json_integer((json_int_t)card->size));
    }
    if (card->in_use_below)
        json_object_set_new(disk, "backing",
                            json_pack("{ss sb sb s{ss ss}}", "driver", "qcow2", "read-only", TRUE,
                                      "force-share", TRUE, "file", "driver", "file", "filename",
                                      card->in_use_below));
    return disk;
}

/* The monitor is there only for its greeting, which comes when the export before it is ready. */
static PifCommand *new_daemon_command(const PifCard *card, const char *format,
                                      const Workplace *place, int ready_fd)
{
    PifCommand *command = pif_command_new("qemu-storage-daemon", NULL);
    add_json(command, "--blockdev", describe_disk(card, format));
    add_json(command, "--export",
             json_pack("{ss ss ss ss sb ss}", "type", "fuse", "id", "card", "node-name", "card",
                       "mountpoint", place->mount_point, "writable", card->is_writable,
                       "allow-other", "off"));
    pif_command_add(command, "--chardev");
    pif_command_add_format(command, "socket,id=ready,fd=%d", READY_FD);
    pif_command_add_vector(command, (const char *const[]){"--monitor", "chardev=ready", NULL});
    pif_command_take_fd(command, ready_fd, READY_FD);
    pif_command_set_log_file(command, place->log);
    return command;
}

/* What the daemon said before it gave up, as an error of ours. */
static gboolean set_daemon_error(const PifCard *card, const Workplace *place, GError **error)
{
    g_autofree char *log = NULL;
    if (!pif_file_read(place->log, LOG_MAX, &log, NULL, error))
        return FALSE;
    if (strstr(log, "\" lock"))
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the card %s is in use: power its node off first", card->path);
    g_strdelimit(g_strstrip(log), "\n", ' ');
    const char *hint = strstr(log, "fuse:") ? "; /dev/fuse is needed, try: modprobe fuse" : "";
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot open the card %s: %s%s", card->path,
                         log, hint);
}

static gboolean wait_until_ready(const PifCard *card, const Workplace *place, int ready_fd,
                                 GError **error)
{
    struct pollfd ready = {.fd = ready_fd, .events = POLLIN};
    int count;
    do
        count = poll(&ready, 1, READY_TIMEOUT_MS);
    while (count < 0 && errno == EINTR);
    if (count == 0)
        return pif_error_set(error, PIF_ERROR_TIMEOUT,
                             "qemu-storage-daemon did not open the card %s within %d s", card->path,
                             READY_TIMEOUT_MS / 1000);
    char greeting;
    if (count < 0 || read(ready_fd, &greeting, 1) != 1)
        return set_daemon_error(card, place, error);
    return TRUE;
}

/* Out of the file system tree, while our descriptor keeps it alive: so it ends with us however we
 * end, and nobody else finds it. */
static gboolean detach(const Workplace *place, GError **error)
{
    if (umount2(place->mount_point, MNT_DETACH) == 0)
        return TRUE;
    if (errno != EPERM)
        return pif_error_set_errno(error, errno, "cannot detach %s", place->mount_point);
    g_autoptr(PifCommand) command =
        pif_command_new("fusermount3", "-u", "-z", place->mount_point, NULL);
    return pif_command_run(command, NULL, error);
}

static gboolean start_export(PifCard *card, const char *format, GError **error)
{
    g_auto(Workplace) place = {0};
    int ends[2];
    if (!workplace_make(&place, error))
        return FALSE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return pif_error_set_errno(error, errno, "cannot make a socket pair");
    g_auto(PifFd) ready_fd = ends[0];
    g_autoptr(PifCommand) command = new_daemon_command(card, format, &place, ends[1]);
    card->daemon = pif_command_start(command, error);
    if (!card->daemon || !wait_until_ready(card, &place, ready_fd, error))
        return FALSE;
    card->fd = open(place.mount_point, (card->is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (card->fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the export of %s", card->path);
    return detach(&place, error);
}

/* how: its members that the caller has to say. */
static gboolean open_card(const char *path, const PifCard *how, PifCard **ret_card, GError **error)
{
    g_autoptr(PifCard) card = g_memdup2(how, sizeof *how);
    card->fd = -1;
    card->path = g_canonicalize_filename(path, NULL);
    g_auto(PifFd) file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return pif_error_set_errno(error, errno, "cannot open the card %s", path);
    gboolean has_overlay = is_qcow2(file);
    if (!has_overlay && !card->is_writable)
        card->fd = pif_fd_steal(&file);
    else if (!start_export(card, has_overlay ? "qcow2" : "raw", error))
        return FALSE;
    card->raw_path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), card->fd);
    card->in_use_below = NULL; /* was the caller's */
    *ret_card = g_steal_pointer(&card);
    return TRUE;
}

gboolean pif_card_open(const char *path, gboolean is_writable, PifCard **ret_card, GError **error)
{
    return open_card(path, &(PifCard){.is_writable = is_writable}, ret_card, error);
}

gboolean pif_card_open_new(const char *path, PifCard **ret_card, GError **error)
{
    return open_card(path, &(PifCard){.is_writable = TRUE, .is_new = TRUE}, ret_card, error);
}

gboolean pif_card_open_in_use(const char *path, PifCard **ret_card, GError **error)
{
    return open_card(path, &(PifCard){.is_in_use = TRUE}, ret_card, error);
}

gboolean pif_card_open_over_in_use(const char *path, const char *clone, PifCard **ret_card,
                                   GError **error)
{
    return open_card(path, &(PifCard){.is_writable = TRUE, .in_use_below = clone}, ret_card, error);
}

gboolean pif_card_open_part(const PifCard *card, guint64 offset, guint64 size, PifCard **ret_part,
                            GError **error)
{
    const PifCard how = {.is_writable = TRUE, .offset = offset, .size = size};
    return open_card(card->raw_path, &how, ret_part, error);
}

/* The daemon writes its caches to the overlay before it ends. */
static void stop_export(PifCard *card)
{
    pif_fd_clear(&card->fd);
    if (!card->daemon)
        return;
    g_subprocess_send_signal(card->daemon, SIGTERM);
    g_subprocess_wait(card->daemon, NULL, NULL);
    g_clear_object(&card->daemon);
}

/* 0, or an errno value. */
static int sync_file(const char *path)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? errno : 0;
}

gboolean pif_card_close(PifCard *card, GError **error)
{
    int err = card->is_writable && fsync(card->fd) < 0 ? errno : 0;
    stop_export(card);
    if (card->is_new && !err)
        err = sync_file(card->path);
    if (err)
        return pif_error_set_errno(error, err, "cannot write to the card %s", card->path);
    return TRUE;
}

void pif_card_free(PifCard *card)
{
    if (!card)
        return;
    stop_export(card);
    g_free(card->path);
    g_free(card->raw_path);
    g_free(card);
}

const char *pif_card_raw_path(const PifCard *card)
{
    return card->raw_path;
}

const char *pif_card_path(const PifCard *card)
{
    return card->path;
}
