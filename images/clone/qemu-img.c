// SPDX-License-Identifier: MIT
// qemu-img, its errors made ours.
#include "images/clone/qemu-img.h"

#include "images/disk/disk.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static gboolean run_for(const char *const *arguments, const char *path, char **ret_output,
                        GError **error)
{
    GError *failure = NULL;
    g_autoptr(PifCommand) command = pif_command_new("qemu-img", NULL);
    pif_command_add_vector(command, arguments);
    pif_command_set_environment(command, "LC_ALL", "C");
    if (pif_command_run(command, ret_output, &failure))
        return TRUE;
    if (strstr(failure->message, "No space left on device"))
        pif_disk_set_write_error(error, ENOSPC);
    else if (strstr(failure->message, "\" lock"))
        pif_error_set(error, PIF_ERROR_BUSY, "%s is in use: power its node off first", path);
    else
        return pif_error_take(error, failure, "%s", path);
    g_error_free(failure);
    return FALSE;
}

static gboolean run(const char *const *arguments, const char *path, GError **error)
{
    return run_for(arguments, path, NULL, error);
}

gboolean pif_qemu_img_create(const char *backing, const char *format, guint64 size,
                             const char *path, GError **error)
{
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    return run((const char *const[]){"create", "-q", "-u", "-f", "qcow2", "-F", format, "-b",
                                     backing, path, bytes, NULL},
               backing, error);
}

gboolean pif_qemu_img_convert(const char *from, const char *format, const char *to, GError **error)
{
    return run((const char *const[]){"convert", "-f", "qcow2", "-O", format, from, to, NULL}, from,
               error);
}

gboolean pif_qemu_img_check(const char *path, GError **error)
{
    return run((const char *const[]){"check", "-q", "-f", "qcow2", path, NULL}, path, error);
}

static GArray *parse_map(const json_t *map)
{
    size_t i;
    json_t *part;
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(PifRange));
    json_array_foreach(map, i, part)
    {
        json_int_t start = 0;
        json_int_t length = 0;
        int depth = 0;
        if (json_unpack(part, "{s:I, s:I, s:i}", "start", &start, "length", &length, "depth",
                        &depth) < 0 ||
            depth > 0)
            continue;
        PifRange range = {(guint64)start, (guint64)(start + length)};
        g_array_append_val(ranges, range);
    }
    pif_ranges_normalize(ranges);
    return ranges;
}

GArray *pif_qemu_img_map(const char *path, gboolean is_in_use, GError **error)
{
    g_autofree char *output = NULL;
    if (!run_for((const char *const[]){"map", "-f", "qcow2", "--output=json", path,
                                       is_in_use ? "--force-share" : NULL, NULL},
                 path, &output, error))
        return NULL;
    json_t *map = json_loads(output, 0, NULL);
    GArray *ranges = json_is_array(map) ? parse_map(map) : NULL;
    json_decref(map);
    if (!ranges)
        pif_error_set(error, PIF_ERROR_EXTERNAL, "%s: qemu-img map gives no JSON", path);
    return ranges;
}
