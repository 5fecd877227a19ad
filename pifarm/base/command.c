// SPDX-License-Identifier: MIT
// Child processes by GSubprocess, with what it lacks: a deadline, death with the parent, and errors
// worth reading.
#include "pifarm/base/command.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
    int fd;
    int target;
} PassedFd;

struct PifCommand {
    GPtrArray *arguments;
    char *directory;
    char **environment;
    GBytes *input;
    GArray *fds; /* PassedFd */
    char *log_file;
    int timeout_ms;
    guint64 max_file_size;
    unsigned max_cpu_s;
    pid_t parent;
    gboolean is_detached;
    gboolean has_merged_errors;
};

/* Debian packages of the programs that the project runs, for "not found" messages. */
static const struct {
    const char *program;
    const char *package;
} packages[] = {
    {"qemu-img", "qemu-utils"},
    {"qemu-storage-daemon", "qemu-system-common"},
    {"qemu-system-aarch64", "qemu-system-arm"},
    {"mcopy", "mtools"},
    {"mdir", "mtools"},
    {"debugfs", "e2fsprogs"},
    {"dumpe2fs", "e2fsprogs"},
    {"ssh", "openssh-client"},
    {"scp", "openssh-client"},
    {"ssh-keygen", "openssh-client"},
    {"dnsmasq", "dnsmasq-base"},
    {"xz", "xz-utils"},
};

static void passed_fd_clear(gpointer data)
{
    PassedFd *passed = data;
    if (passed->fd >= 0)
        close(passed->fd);
}

PifCommand *pif_command_new(const char *program, ...)
{
    PifCommand *command = g_new0(PifCommand, 1);
    command->arguments = g_ptr_array_new_null_terminated(8, g_free, TRUE);
    command->environment = g_get_environ();
    command->fds = g_array_new(FALSE, FALSE, sizeof(PassedFd));
    g_array_set_clear_func(command->fds, passed_fd_clear);
    pif_command_add(command, program);
    va_list args;
    va_start(args, program);
    for (const char *argument; (argument = va_arg(args, const char *));)
        pif_command_add(command, argument);
    va_end(args);
    return command;
}

void pif_command_free(PifCommand *command)
{
    if (!command)
        return;
    g_ptr_array_unref(command->arguments);
    g_strfreev(command->environment);
    g_free(command->directory);
    g_free(command->log_file);
    g_clear_pointer(&command->input, g_bytes_unref);
    g_array_unref(command->fds);
    g_free(command);
}

void pif_command_add(PifCommand *command, const char *argument)
{
    g_ptr_array_add(command->arguments, g_strdup(argument));
}

void pif_command_add_format(PifCommand *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(command->arguments, g_strdup_vprintf(format, args));
    va_end(args);
}

void pif_command_add_vector(PifCommand *command, const char *const *arguments)
{
    for (; *arguments; arguments++)
        pif_command_add(command, *arguments);
}

void pif_command_set_timeout_ms(PifCommand *command, int timeout_ms)
{
    command->timeout_ms = timeout_ms;
}

void pif_command_set_directory(PifCommand *command, const char *directory)
{
    g_free(command->directory);
    command->directory = g_strdup(directory);
}

void pif_command_set_environment(PifCommand *command, const char *name, const char *value)
{
    command->environment = g_environ_setenv(command->environment, name, value, TRUE);
}

void pif_command_set_input(PifCommand *command, GBytes *input)
{
    g_clear_pointer(&command->input, g_bytes_unref);
    command->input = g_bytes_ref(input);
}

void pif_command_take_fd(PifCommand *command, int fd, int target)
{
    g_array_append_val(command->fds, ((PassedFd){fd, target}));
}

void pif_command_set_limits(PifCommand *command, guint64 max_file_size, unsigned max_cpu_s)
{
    command->max_file_size = max_file_size;
    command->max_cpu_s = max_cpu_s;
}

void pif_command_set_detached(PifCommand *command, gboolean is_detached)
{
    command->is_detached = is_detached;
}

void pif_command_set_log_file(PifCommand *command, const char *path)
{
    g_free(command->log_file);
    command->log_file = g_strdup(path);
}

void pif_command_set_errors_merged(PifCommand *command, gboolean is_merged)
{
    command->has_merged_errors = is_merged;
}

char *pif_command_format(const PifCommand *command)
{
    GString *line = g_string_new(NULL);
    for (guint i = 0; i < command->arguments->len; i++) {
        const char *argument = g_ptr_array_index(command->arguments, i);
        g_autofree char *quoted = g_shell_quote(argument);
        gboolean is_plain =
            *argument && !argument[strcspn(argument, " \t\n'\"\\$&|;<>()*?[]{}#~`!")];
        g_string_append_printf(line, "%s%s", i ? " " : "", is_plain ? argument : quoted);
    }
    return g_string_free(line, FALSE);
}

static const char *program_of(const PifCommand *command)
{
    return g_ptr_array_index(command->arguments, 0);
}

static void limit(int resource, guint64 most)
{
    if (most)
        setrlimit(resource, &(struct rlimit){most, most});
}

/* Runs between fork and exec: the child dies with us, unless it was to outlive us. */
static void set_up_child(gpointer data)
{
    const PifCommand *command = data;
    limit(RLIMIT_FSIZE, command->max_file_size);
    limit(RLIMIT_CPU, command->max_cpu_s);
    if (command->is_detached) {
        setsid();
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != command->parent)
        _exit(127); /* the parent died before prctl took effect */
}

static gboolean set_spawn_error(GError **error, const char *program, GError *spawn)
{
    gboolean is_missing = g_error_matches(spawn, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
    g_autofree char *text = g_strdup(spawn->message);
    g_error_free(spawn);
    if (!is_missing)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot run %s: %s", program, text);
    for (size_t i = 0; i < G_N_ELEMENTS(packages); i++)
        if (g_str_equal(packages[i].program, program))
            return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                                 "the program '%s' is not installed; try: apt install %s", program,
                                 packages[i].package);
    return pif_error_set(error, PIF_ERROR_NOT_FOUND, "the program '%s' is not installed", program);
}

/* The input as a file without a name: nobody has to feed a pipe while the child reads. */
static int open_input(GBytes *input)
{
    gsize size;
    const char *bytes = g_bytes_get_data(input, &size);
    g_auto(PifFd) fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

static gboolean give_input(PifCommand *command, GSubprocessLauncher *launcher, GError **error)
{
    int fd = open_input(command->input);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot give %s its input", program_of(command));
    g_subprocess_launcher_take_stdin_fd(launcher, fd);
    return TRUE;
}

static gboolean give_log(PifCommand *command, GSubprocessLauncher *launcher, gboolean has_pipe,
                         GError **error)
{
    g_auto(PifFd) fd = open(command->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the log file %s", command->log_file);
    if (!has_pipe)
        g_subprocess_launcher_take_stdout_fd(launcher, fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!command->has_merged_errors)
        g_subprocess_launcher_take_stderr_fd(launcher, pif_fd_steal(&fd));
    return TRUE;
}

static void pass_fds(PifCommand *command, GSubprocessLauncher *launcher)
{
    for (guint i = 0; i < command->fds->len; i++) {
        PassedFd *passed = &g_array_index(command->fds, PassedFd, i);
        g_subprocess_launcher_take_fd(launcher, passed->fd, passed->target);
        passed->fd = -1;
    }
}

static GSubprocess *spawn(PifCommand *command, GSubprocessFlags flags, GError **error)
{
    if (command->has_merged_errors)
        flags = (flags & ~G_SUBPROCESS_FLAGS_STDERR_PIPE) | G_SUBPROCESS_FLAGS_STDERR_MERGE;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(flags);
    g_subprocess_launcher_set_environ(launcher, command->environment);
    if (command->directory)
        g_subprocess_launcher_set_cwd(launcher, command->directory);
    if (command->input && !(flags & G_SUBPROCESS_FLAGS_STDIN_PIPE) &&
        !give_input(command, launcher, error))
        return NULL;
    if (command->log_file &&
        !give_log(command, launcher, flags & G_SUBPROCESS_FLAGS_STDOUT_PIPE, error))
        return NULL;
    pass_fds(command, launcher);
    command->parent = getpid();
    g_subprocess_launcher_set_child_setup(launcher, set_up_child, command, NULL);
    g_autoptr(GError) failure = NULL;
    GSubprocess *process = g_subprocess_launcher_spawnv(
        launcher, (const char *const *)command->arguments->pdata, &failure);
    if (!process)
        set_spawn_error(error, program_of(command), g_steal_pointer(&failure));
    return process;
}

GSubprocess *pif_command_start(PifCommand *command, GError **error)
{
    return spawn(command, G_SUBPROCESS_FLAGS_NONE, error);
}

GSubprocess *pif_command_start_piped(PifCommand *command, GError **error)
{
    return spawn(command, G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
}

/* One run in progress: the child, and the deadline that kills it. */
typedef struct {
    GSubprocess *process;
    GSource *deadline;
    char *program;
    int timeout_ms;
    gboolean has_timed_out;
} Run;

static void run_free(gpointer data)
{
    Run *run = data;
    if (run->deadline) {
        g_source_destroy(run->deadline);
        g_source_unref(run->deadline);
    }
    g_clear_object(&run->process);
    g_free(run->program);
    g_free(run);
}

static gboolean on_deadline(gpointer data)
{
    Run *run = data;
    run->has_timed_out = TRUE;
    g_subprocess_force_exit(run->process);
    return G_SOURCE_REMOVE;
}

/* The last lines of what the child wrote to standard error, on one line. */
static char *summarise_stderr(const char *text)
{
    enum { MAX_LENGTH = 600 };
    g_autofree char *trimmed = g_strstrip(g_utf8_make_valid(text ? text : "", -1));
    size_t length = strlen(trimmed);
    const char *tail = length > MAX_LENGTH ? trimmed + length - MAX_LENGTH : trimmed;
    return g_strdelimit(g_strdup(tail), "\n\r", ' ');
}

static void set_exit_error(GError **error, const Run *run, const char *stderr_text)
{
    g_autofree char *summary = summarise_stderr(stderr_text);
    const char *separator = *summary ? ": " : "";
    if (run->has_timed_out)
        pif_error_set(error, PIF_ERROR_TIMEOUT, "%s did not end within %d s and was killed%s%s",
                      run->program, (run->timeout_ms + 999) / 1000, separator, summary);
    else if (g_subprocess_get_if_signaled(run->process))
        pif_error_set(error, PIF_ERROR_EXTERNAL, "%s was killed by signal %d%s%s", run->program,
                      g_subprocess_get_term_sig(run->process), separator, summary);
    else
        pif_error_set(error, PIF_ERROR_EXTERNAL, "%s failed with exit status %d%s%s", run->program,
                      g_subprocess_get_exit_status(run->process), separator, summary);
}

static char *bytes_to_string(GBytes *bytes)
{
    gsize size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    return g_strndup(data ? data : "", size);
}

static void on_communicated(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    Run *run = g_task_get_task_data(task);
    g_autoptr(GBytes) output = NULL;
    g_autoptr(GBytes) errors = NULL;
    GError *failure = NULL;
    gboolean is_ok =
        g_subprocess_communicate_finish(G_SUBPROCESS(source), result, &output, &errors, &failure);
    if (!is_ok && !run->has_timed_out) {
        g_subprocess_force_exit(run->process);
        g_task_return_error(task, failure);
        return;
    }
    g_clear_error(&failure);
    if (!run->has_timed_out && g_subprocess_get_successful(run->process)) {
        g_task_return_pointer(task, bytes_to_string(output), g_free);
        return;
    }
    g_autofree char *stderr_text = bytes_to_string(errors);
    set_exit_error(&failure, run, stderr_text);
    g_task_return_error(task, failure);
}

void pif_command_run_async(PifCommand *command, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
    if (command->input)
        flags |= G_SUBPROCESS_FLAGS_STDIN_PIPE;
    GError *failure = NULL;
    GSubprocess *process = spawn(command, flags, &failure);
    if (!process) {
        g_task_return_error(task, failure);
        return;
    }
    Run *run = g_new0(Run, 1);
    run->process = process;
    run->program = g_path_get_basename(program_of(command));
    run->timeout_ms = command->timeout_ms;
    g_task_set_task_data(task, run, run_free);
    if (command->timeout_ms > 0) {
        run->deadline = g_timeout_source_new((guint)command->timeout_ms);
        g_source_set_callback(run->deadline, on_deadline, run, NULL);
        g_source_attach(run->deadline, g_main_context_get_thread_default());
    }
    g_subprocess_communicate_async(process, command->input, cancellable, on_communicated,
                                   g_steal_pointer(&task));
}

gboolean pif_command_run_finish(PifCommand *command, GAsyncResult *result, char **ret_output,
                                GError **error)
{
    (void)command;
    GError *failure = NULL;
    g_autofree char *output = g_task_propagate_pointer(G_TASK(result), &failure);
    if (failure && failure->domain != PIF_ERROR)
        return pif_error_take(error, failure, "running a program");
    if (failure) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (ret_output)
        *ret_output = g_steal_pointer(&output);
    return TRUE;
}

static void on_run_done(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    *(GAsyncResult **)data = g_object_ref(result);
}

gboolean pif_command_run(PifCommand *command, char **ret_output, GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_main_context_push_thread_default(context);
    pif_command_run_async(command, NULL, on_run_done, &result);
    while (!result)
        g_main_context_iteration(context, TRUE);
    g_main_context_pop_thread_default(context);
    return pif_command_run_finish(command, result, ret_output, error);
}

char *pif_command_find_own(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    g_autofree char *installed = g_build_filename(folder, "..", "libexec", "pifarm", name, NULL);
    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    if (g_file_test(installed, G_FILE_TEST_IS_EXECUTABLE))
        return g_canonicalize_filename(installed, NULL);
    return g_build_filename(PIFARM_LIBEXECDIR, name, NULL);
}

gboolean pif_command_exec(PifCommand *command, GError **error)
{
    if (command->directory && chdir(command->directory) < 0)
        return pif_error_set_errno(error, errno, "cannot enter %s", command->directory);
    execvpe(program_of(command), (char **)command->arguments->pdata, command->environment);
    GError *failure =
        g_error_new(G_SPAWN_ERROR, errno == ENOENT ? G_SPAWN_ERROR_NOENT : G_SPAWN_ERROR_FAILED,
                    "%s", g_strerror(errno));
    return set_spawn_error(error, program_of(command), failure);
}
