// SPDX-License-Identifier: MIT
// A socket belongs for ever to the namespace that it was made in, and nobody without rights gets
// back into one that they left. So a thread never leaves: namespaces of networks are a thread's.
#include "netsetup/outside.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    GAsyncQueue *answers;
    int type;
    int fd;
    int err;
} Request;

/* Of the process, as the namespace is that it has left; NULL: it has left none. */
static struct {
    GAsyncQueue *requests;
    pid_t thread;
} outside;

static void answer(Request *request)
{
    request->fd = socket(AF_INET, request->type | SOCK_CLOEXEC, 0);
    request->err = errno;
    g_async_queue_push(request->answers, request);
}

static gpointer serve(gpointer ready)
{
    outside.thread = gettid();
    g_async_queue_push(ready, ready);
    for (;;)
        answer(g_async_queue_pop(outside.requests));
    return NULL;
}

void pif_outside_stay(void)
{
    GAsyncQueue *ready = g_async_queue_new();
    g_assert(!outside.requests);
    outside.requests = g_async_queue_new();
    g_thread_unref(g_thread_new("outside", serve, ready));
    g_async_queue_pop(ready);
    g_async_queue_unref(ready);
}

int pif_outside_socket(int type)
{
    if (!outside.requests)
        return socket(AF_INET, type | SOCK_CLOEXEC, 0);
    Request request = {.answers = g_async_queue_new(), .type = type};
    g_async_queue_push(outside.requests, &request);
    g_async_queue_pop(request.answers);
    g_async_queue_unref(request.answers);
    errno = request.err;
    return request.fd;
}

char *pif_outside_proc_net(void)
{
    if (!outside.requests)
        return g_strdup("/proc/net");
    return g_strdup_printf("/proc/self/task/%d/net", (int)outside.thread);
}
