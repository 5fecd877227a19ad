// SPDX-License-Identifier: MIT
// The asker of asker.h: a socket pair to a program.
#include "hw/netboot/ask/asker.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHILD_FD = 3 };

struct PifAsker {
    PifWatch watch;
    PifLoop *loop;
    PifAskerConfig config;
};

static char **make_arguments(const char *program, const PifAskerConfig *config)
{
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_strdup(program));
    g_ptr_array_add(arguments, g_strdup_printf("--timeout=%u", config->timeout_ms));
    g_ptr_array_add(arguments, g_strdup_printf("--user=%s", config->user));
    g_ptr_array_add(arguments, g_strdup("--"));
    for (char **target = config->targets; *target; target++)
        g_ptr_array_add(arguments, g_strdup(*target));
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_steal(arguments, NULL);
}

/* No GSubprocess: its threads would be outside of the sandbox. */
static int spawn(const char *program, char **arguments, int socket)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, socket, CHILD_FD);
    int result = posix_spawn(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static gboolean start(const PifAskerConfig *config, int *ret_fd, GError **error)
{
    int ends[2];
    g_autofree char *program = pif_command_find_own("pifarm-netboot-ask");
    g_auto(GStrv) arguments = make_arguments(program, config);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return pif_error_set_errno(error, errno, "cannot make a socket pair");
    g_auto(PifFd) ours = ends[0];
    g_auto(PifFd) its = ends[1];
    int result = spawn(program, arguments, its);
    if (result != 0)
        return pif_error_set_errno(error, result, "cannot start %s", program);
    *ret_fd = pif_fd_steal(&ours);
    return TRUE;
}

static void on_packet(PifWatch *watch, int64_t now_us)
{
    PifAsker *asker = PIF_CONTAINER_OF(watch, PifAsker, watch);
    uint8_t bytes[PIF_ASK_MAX_PACKET];
    PifAskAnswer answer;
    ssize_t size = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0 && pif_ask_parse_answer(bytes, (size_t)size, &answer))
        asker->config.on_answer(&answer, asker->config.data);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        pif_loop_remove(asker->loop, watch);
        asker->config.on_gone(asker->config.data);
    }
}

PifAsker *pif_asker_new(PifLoop *loop, const PifAskerConfig *config, GError **error)
{
    int fd = -1;
    if (!start(config, &fd, error))
        return NULL;
    PifAsker *asker = g_new0(PifAsker, 1);
    asker->watch = (PifWatch){fd, on_packet};
    asker->loop = loop;
    asker->config = *config;
    if (pif_loop_add(loop, &asker->watch, error))
        return asker;
    pif_asker_free(asker);
    return NULL;
}

void pif_asker_free(PifAsker *asker)
{
    if (!asker)
        return;
    pif_loop_remove(asker->loop, &asker->watch);
    close(asker->watch.fd);
    g_free(asker);
}

bool pif_asker_ask(const PifAsker *asker, const PifAskQuestion *question)
{
    uint8_t bytes[PIF_ASK_MAX_PACKET];
    size_t size = pif_ask_format_question(question, bytes, sizeof bytes);
    return size > 0 &&
           send(asker->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}
