// SPDX-License-Identifier: MIT
// The parent's side of pifarm-chroot.
#include "images/root/root.h"

#include "images/disk/scratch.h"
#include "images/root/root-job.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LAST_LINES = 6, /* of a failed command's output, in the error */
    MAX_LINE = 500,
    MAX_RESULT = 64 * 1024,
};

/* A run of the program. */
typedef struct {
    PifScratch scratch;
    GSubprocess *process;
    PifFd result;
} Run;

static void run_clear(Run *run)
{
    if (run->process) {
        g_subprocess_force_exit(run->process);
        g_subprocess_wait(run->process, NULL, NULL);
    }
    g_clear_object(&run->process);
    pif_fd_clear(&run->result);
    pif_scratch_clear(&run->scratch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

gboolean pif_root_check_host(GError **error)
{
    if (geteuid() != 0)
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "only root may mount an image to run programs in it");
    if (!g_file_test("/dev/loop-control", G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "no /dev/loop-control to mount an image with; try: modprobe loop");
    return TRUE;
}

/* What of the host's apt is about how to fetch: proxies, certificates. NULL on a host without apt.
 * Free it. */
static char *read_apt_settings(void)
{
    g_autofree char *output = NULL;
    g_autoptr(PifCommand) command =
        pif_command_new("apt-config", "dump", "--format", "%F \"%v\";%n", "Acquire", NULL);
    if (!pif_command_run(command, &output, NULL))
        return NULL;
    g_autoptr(GString) settings = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line && !g_str_has_suffix(*line, " \"\";") &&
            !g_regex_match_simple("^Acquire::(Languages|IndexTargets|GzipIndexes)|Auto-?Detect",
                                  *line, G_REGEX_CASELESS, G_REGEX_MATCH_DEFAULT))
            g_string_append_printf(settings, "%s\n", *line);
    return g_string_free(g_steal_pointer(&settings), FALSE);
}

/* A file without a name. */
static int open_text(const char *text)
{
    g_auto(PifFd) fd = memfd_create("job", MFD_CLOEXEC);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

static gboolean start(Run *run, PifRootJob *job, GError **error)
{
    int ends[2];
    g_autofree char *program = pif_command_find_own("pifarm-chroot");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    if (!pif_root_check_host(error) || !pif_scratch_make(&run->scratch, error))
        return FALSE;
    job->folder = run->scratch.folder;
    job->apt_settings = read_apt_settings();
    g_autofree char *text = pif_root_job_format(job);
    g_clear_pointer(&job->apt_settings, g_free);
    int job_fd = open_text(text);
    if (job_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return pif_error_set_errno(error, errno, "cannot start pifarm-chroot");
    run->result = ends[0];
    pif_command_take_fd(command, job_fd, PIF_ROOT_JOB_FD);
    pif_command_take_fd(command, ends[1], PIF_ROOT_RESULT_FD);
    if (job->is_shell)
        pif_command_take_fd(command, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), PIF_ROOT_INPUT_FD);
    pif_command_set_errors_merged(command, !job->is_shell);
    run->process =
        job->is_shell ? pif_command_start(command, error) : pif_command_start_piped(command, error);
    return run->process != NULL;
}

static gboolean read_result(Run *run, PifRootResult *result, GError **error)
{
    g_autofree char *text = g_malloc0(MAX_RESULT + 1);
    gsize size = 0;
    for (ssize_t got = 1; got > 0 && size < MAX_RESULT; size += (gsize)MAX(got, 0))
        got = read(run->result, text + size, MAX_RESULT - size);
    g_subprocess_wait(run->process, NULL, NULL);
    if (!size && g_subprocess_get_if_signaled(run->process))
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "pifarm-chroot was killed by signal %d",
                             g_subprocess_get_term_sig(run->process));
    if (!size)
        return pif_error_set(error, PIF_ERROR_EXTERNAL,
                             "pifarm-chroot ended without a word, with exit status %d",
                             g_subprocess_get_exit_status(run->process));
    if (!pif_root_result_parse(text, result, error))
        return FALSE;
    if (!result->error)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&result->error));
    return FALSE;
}

/* The last lines of the output, and whether it complains of a full disk. */
typedef struct {
    GQueue lines;
    gboolean is_full;
    PifProgress *progress;
} Output;

static void output_clear(Output *output)
{
    g_queue_clear_full(&output->lines, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Output, output_clear)

/* No control characters of a stranger's reach the terminal. Takes line. */
static void take_line(Output *output, char *line)
{
    g_autofree char *bytes = line;
    g_autofree char *valid = g_utf8_make_valid(bytes, MIN(MAX_LINE, (gssize)strlen(bytes)));
    for (char *c = valid; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    if (!*g_strstrip(valid))
        return;
    output->is_full |= strstr(valid, "No space left on device") ||
                       strstr(valid, "have enough free space"); /* apt's words */
    g_info("%s", valid);
    pif_progress_set_text(output->progress, valid);
    g_queue_push_tail(&output->lines, g_steal_pointer(&valid));
    if (output->lines.length > LAST_LINES)
        g_free(g_queue_pop_head(&output->lines));
}

static void follow(Run *run, Output *output)
{
    g_autoptr(GDataInputStream) stream =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(run->process));
    char *line;
    while ((line = g_data_input_stream_read_line(stream, NULL, NULL, NULL)))
        take_line(output, line);
}

/* Free it. */
static char *join(const Output *output)
{
    GString *text = g_string_new(NULL);
    for (GList *line = output->lines.head; line; line = line->next)
        g_string_append_printf(text, "%s%s", text->len ? "; " : "", (const char *)line->data);
    return g_string_free(text, FALSE);
}

static gboolean set_command_error(const PifRootCommand *command, const PifRootResult *result,
                                  const Output *output, GError **error)
{
    g_autofree char *said = join(output);
    g_autofree char *name = g_strdup(command->name ? command->name : command->script);
    g_strdelimit(name, "\n", ' ');
    return pif_error_set(
        error, PIF_ERROR_EXTERNAL, "'%.200s' failed in the image with exit status %d%s%s%s", name,
        result->status, *said ? ": " : "", said,
        output->is_full ? " (no room is left in the image; a larger --size gives it more)" : "");
}

/* JSON takes nothing else. */
static gboolean check_text(const char *text, GError **error)
{
    return g_utf8_validate(text, -1, NULL) ||
           pif_error_set(error, PIF_ERROR_USAGE, "a command that is no UTF-8 text");
}

gboolean pif_root_run(const char *disk, const GArray *commands, PifProgress *progress,
                      GError **error)
{
    g_auto(Run) run = {.result = -1};
    g_auto(Output) output = {.progress = progress, .lines = G_QUEUE_INIT};
    g_auto(PifRootResult) result = {0};
    g_autoptr(GPtrArray) vectors = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (guint i = 0; i < commands->len; i++) {
        const PifRootCommand *command = &g_array_index(commands, PifRootCommand, i);
        const char *const vector[] = {"/bin/sh", "-c", command->script, NULL};
        if (!check_text(command->script, error))
            return FALSE;
        g_ptr_array_add(vectors, g_strdupv((char **)vector));
    }
    PifRootJob job = {.disk = (char *)disk, .commands = vectors};
    if (!start(&run, &job, error))
        return FALSE;
    follow(&run, &output);
    return read_result(&run, &result, error) &&
           (result.status == 0 ||
            set_command_error(&g_array_index(commands, PifRootCommand, result.command), &result,
                              &output, error));
}

gboolean pif_root_shell(const char *disk, char *const *argv, gboolean has_terminal, int *ret_status,
                        GError **error)
{
    g_auto(Run) run = {.result = -1};
    g_auto(PifRootResult) result = {0};
    g_autoptr(GPtrArray) vectors = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    static const char choose[] = "if [ -x /bin/bash ]; then exec /bin/bash -l; fi; exec /bin/sh -l";
    const char *const shell[] = {"/bin/sh", "-c", choose, NULL};
    g_ptr_array_add(vectors, g_strdupv(argv ? (char **)argv : (char **)shell));
    PifRootJob job = {
        .disk = (char *)disk, .commands = vectors, .is_shell = TRUE, .has_terminal = has_terminal};
    for (char *const *argument = argv; argument && *argument; argument++)
        if (!check_text(*argument, error))
            return FALSE;
    if (!start(&run, &job, error) || !read_result(&run, &result, error))
        return FALSE;
    *ret_status = result.status;
    return TRUE;
}
