// SPDX-License-Identifier: MIT
// The loop of loop.h.
#include "hw/netboot/loop/loop.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

enum { BATCH = 128 };

struct PifLoop {
    PifFd epoll;
    PifWheel wheel;
    gboolean is_over;
    GError *failure;
    struct epoll_event events[BATCH]; /* of this turn */
    int n_events;
};

int64_t pif_loop_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

PifLoop *pif_loop_new(GError **error)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        pif_error_set_errno(error, errno, "cannot make an epoll descriptor");
        return NULL;
    }
    PifLoop *loop = g_new0(PifLoop, 1);
    loop->epoll = epoll;
    pif_wheel_init(&loop->wheel, pif_loop_now_us());
    return loop;
}

void pif_loop_free(PifLoop *loop)
{
    if (!loop)
        return;
    pif_fd_clear(&loop->epoll);
    g_clear_error(&loop->failure);
    g_free(loop);
}

gboolean pif_loop_add(PifLoop *loop, PifWatch *watch, GError **error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0)
        return TRUE;
    return pif_error_set_errno(error, errno, "cannot wait for a socket");
}

void pif_loop_remove(PifLoop *loop, const PifWatch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->n_events; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void pif_loop_set_timer(PifLoop *loop, PifTimer *timer, int64_t deadline_us)
{
    pif_wheel_set(&loop->wheel, timer, deadline_us);
}

void pif_loop_cancel_timer(PifLoop *loop, PifTimer *timer)
{
    pif_wheel_cancel(&loop->wheel, timer);
}

static int timeout_ms(const PifLoop *loop, int64_t now_us)
{
    int64_t next_us = pif_wheel_next_us(&loop->wheel);
    if (next_us == INT64_MAX)
        return -1;
    return next_us <= now_us ? 0 : (int)((next_us - now_us + 999) / 1000);
}

static void dispatch(PifLoop *loop, int64_t now_us)
{
    for (int i = 0; i < loop->n_events; i++) {
        PifWatch *watch = loop->events[i].data.ptr;
        if (watch)
            watch->ready(watch, now_us);
    }
    loop->n_events = 0;
}

gboolean pif_loop_run(PifLoop *loop, GError **error)
{
    int64_t now_us = pif_loop_now_us();
    while (!loop->is_over) {
        int count = epoll_wait(loop->epoll, loop->events, BATCH, timeout_ms(loop, now_us));
        if (count < 0 && errno != EINTR)
            return pif_error_set_errno(error, errno, "cannot wait for packets");
        loop->n_events = MAX(count, 0);
        now_us = pif_loop_now_us();
        dispatch(loop, now_us);
        pif_wheel_turn(&loop->wheel, now_us);
    }
    if (!loop->failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&loop->failure));
    return FALSE;
}

void pif_loop_fail(PifLoop *loop, GError *failure)
{
    if (loop->failure)
        g_error_free(failure);
    else
        loop->failure = failure;
    loop->is_over = TRUE;
}

void pif_loop_quit(PifLoop *loop)
{
    loop->is_over = TRUE;
}
