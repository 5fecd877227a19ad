// SPDX-License-Identifier: MIT
// Another program, run as our child: with a deadline, and with its death tied to ours.
#pragma once

#include <gio/gio.h>

/* A program to run: argument vector, environment, standard input, deadline, passed descriptors. */
typedef struct PifCommand PifCommand;

/* NULL-terminated list of arguments, the program first (looked for in PATH). */
PifCommand *pif_command_new(const char *program, ...) G_GNUC_NULL_TERMINATED;
void pif_command_free(PifCommand *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCommand, pif_command_free)

void pif_command_add(PifCommand *command, const char *argument);
void pif_command_add_format(PifCommand *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
void pif_command_add_vector(PifCommand *command, const char *const *arguments);
void pif_command_set_timeout_ms(PifCommand *command, int timeout_ms);
void pif_command_set_directory(PifCommand *command, const char *directory);
void pif_command_set_environment(PifCommand *command, const char *name, const char *value);
/* Keeps a reference to input; the child reads it as its standard input. Without: /dev/null. */
void pif_command_set_input(PifCommand *command, GBytes *input);
/* The child gets fd (which becomes the command's to close) as its descriptor number target. */
void pif_command_take_fd(PifCommand *command, int fd, int target);
/* What a child that reads strangers' bytes may at most write into one file, and compute (0: no
 * limit); then the kernel kills it. */
void pif_command_set_limits(PifCommand *command, guint64 max_file_size, unsigned max_cpu_s);
/* The child keeps running when we die; otherwise the kernel kills it with us (PR_SET_PDEATHSIG). */
void pif_command_set_detached(PifCommand *command, gboolean is_detached);
/* Standard output and error go to this file, appended to (for pif_command_start only). */
void pif_command_set_log_file(PifCommand *command, const char *path);
/* Standard error goes where standard output goes. */
void pif_command_set_errors_merged(PifCommand *command, gboolean is_merged);

/* The command line as a shell would take it, for messages and --dry-run. */
char *pif_command_format(const PifCommand *command);

/* Runs the command and waits. ret_output (may be NULL) gets its standard output, NUL-terminated.
 * Fails with NOT_FOUND  there is no such program (the message names the Debian package when we know
 * it) TIMEOUT    the deadline passed; the child has been killed and reaped EXTERNAL   exit status
 * not 0, or killed: the message has the last lines of its standard error. */
gboolean pif_command_run(PifCommand *command, char **ret_output, GError **error);

/* The same without waiting: callback is run in the main context; pif_command_run_finish() gives the
 * result. */
void pif_command_run_async(PifCommand *command, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
gboolean pif_command_run_finish(PifCommand *command, GAsyncResult *result, char **ret_output,
                                GError **error);

/* Starts the command and returns at once: a program that is to go on running. Its output goes to
 * the log file if one is set, else to ours. The caller supervises the GSubprocess. */
GSubprocess *pif_command_start(PifCommand *command, GError **error);

/* The same with a pipe at its standard output, for the caller to read; a log file gets its standard
 * error only (and nothing when errors are merged). It reads the input, if one is set. */
GSubprocess *pif_command_start_piped(PifCommand *command, GError **error);

/* Path of one of pifarm's own programs: beside the running one, as in a build folder, or in
 * ../libexec/pifarm of that, as under any prefix; else where this build installs it. Free it. */
char *pif_command_find_own(const char *name);

/* Replaces this process by the command; returns only on failure. */
gboolean pif_command_exec(PifCommand *command, GError **error);
