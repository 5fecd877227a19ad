// SPDX-License-Identifier: MIT
// libmicrohttpd driven by our loop, and a deadline for each of its connections.
#include "hw/netboot/http/http-private.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum {
    MEMORY_PER_CONNECTION = 16 * 1024, /* a request's head is no longer; 431 */
    TURNS_AT_ONCE = 4,                 /* 128 KiB a connection each, then others of the loop */
    SLOWEST = 16 * 1024,
    LOOK_US = 500 * 1000,
    US_PER_S = 1000 * 1000,
};

/* libmicrohttpd's own time-out begins anew with every byte, so that a byte now and then would hold
 * a connection for ever; and it does not see the end of a client that closes right behind its last
 * bytes (version 0.9.75 waits for an edge that has been). So each connection is looked at here. */
typedef struct {
    PifTimer timer;
    PifHttpServer *server;
    int fd;
    bool has_request; /* whole, and not yet answered */
    uint64_t n_acked; /* when the deadline was set */
    int64_t deadline_us;
} Connection;

static uint64_t count_acked(const Connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_bytes_acked;
}

static bool is_closed_by_client(const Connection *connection)
{
    struct pollfd fd = {connection->fd, POLLRDHUP, 0};
    return poll(&fd, 1, 0) == 1;
}

static void set_deadline(Connection *connection, int64_t now_us)
{
    connection->n_acked = count_acked(connection);
    connection->deadline_us = now_us + (int64_t)connection->server->config.timeout_s * US_PER_S;
}

static void set_stage(Connection *connection, bool has_request)
{
    connection->has_request = has_request;
    set_deadline(connection, connection->server->now_us);
}

/* Whether it has had its time. */
static bool is_due(Connection *connection, int64_t now_us)
{
    if (!connection->has_request && is_closed_by_client(connection))
        return true;
    if (now_us < connection->deadline_us)
        return false;
    if (!connection->has_request || count_acked(connection) - connection->n_acked < SLOWEST)
        return true;
    set_deadline(connection, now_us);
    return false;
}

/* When shut down, the library finds the connection closed, and cleans up. */
static void on_look(PifTimer *timer, int64_t now_us)
{
    Connection *connection = PIF_CONTAINER_OF(timer, Connection, timer);
    if (is_due(connection, now_us))
        shutdown(connection->fd, SHUT_RDWR);
    else
        pif_loop_set_timer(connection->server->loop, timer, now_us + LOOK_US);
}

static void on_connection(void *data, struct MHD_Connection *mhd_connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    Connection *connection = *context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (connection)
            pif_loop_cancel_timer(connection->server->loop, &connection->timer);
        g_free(connection);
        return;
    }
    connection = g_new0(Connection, 1);
    connection->timer.fire = on_look;
    connection->server = data;
    connection->fd =
        MHD_get_connection_info(mhd_connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    *context = connection;
    set_stage(connection, false);
    pif_loop_set_timer(connection->server->loop, &connection->timer,
                       connection->server->now_us + LOOK_US);
}

static Connection *connection_of(struct MHD_Connection *mhd_connection)
{
    return MHD_get_connection_info(mhd_connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static enum MHD_Result begin(PifHttpServer *server, struct MHD_Connection *mhd_connection,
                             const char *url, const char *method, void **context)
{
    struct sockaddr_in client = {0};
    memcpy(&client,
           MHD_get_connection_info(mhd_connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
           sizeof client);
    PifHttpRequest *request = pif_http_request_new(server, &client, method, url);
    *context = request;
    set_stage(connection_of(mhd_connection), true);
    /* a body that nobody wants is not even read */
    bool has_no_body = g_str_equal(method, "GET") || g_str_equal(method, "HEAD");
    return has_no_body ? MHD_YES : pif_http_request_answer(server, request, mhd_connection);
}

/* Called when the head is there, with each piece of a body, and when all is there. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *mhd_connection,
                                  const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **context)
{
    PifHttpServer *server = data;
    if (!*context)
        return begin(server, mhd_connection, url, method, context);
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return pif_http_request_answer(server, *context, mhd_connection);
}

static void on_completed(void *data, struct MHD_Connection *mhd_connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    PifHttpServer *server = data;
    PifHttpRequest *request = *context;
    if (!request)
        return;
    request->event.path = request->path;
    request->event.message = request->message;
    request->event.is_complete = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    request->event.duration_us = server->now_us - request->started_us;
    if (code != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN)
        server->config.on_event(&request->event, server->config.data);
    pif_http_request_free(request);
    *context = NULL;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        set_stage(connection_of(mhd_connection), false);
}

/* Its epoll descriptor speaks up for what the kernel has for it, not for what it left undone. */
static void run(PifHttpServer *server, int64_t now_us)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    gboolean has_timeout = FALSE;
    server->now_us = now_us;
    for (unsigned i = 0; i < TURNS_AT_ONCE; i++) {
        MHD_run(server->daemon);
        has_timeout = MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES;
        if (!has_timeout || timeout_ms > 0)
            break;
    }
    if (has_timeout && timeout_ms == 0)
        eventfd_write(server->again.fd, 1);
    else if (has_timeout)
        pif_loop_set_timer(server->loop, &server->timer, now_us + (int64_t)timeout_ms * 1000);
}

static void on_ready(PifWatch *watch, int64_t now_us)
{
    run(PIF_CONTAINER_OF(watch, PifHttpServer, watch), now_us);
}

static void on_again(PifWatch *watch, int64_t now_us)
{
    eventfd_t count = 0;
    eventfd_read(watch->fd, &count);
    run(PIF_CONTAINER_OF(watch, PifHttpServer, again), now_us);
}

static void on_time(PifTimer *timer, int64_t now_us)
{
    run(PIF_CONTAINER_OF(timer, PifHttpServer, timer), now_us);
}

static struct MHD_Daemon *start(PifHttpServer *server, int fd)
{
    const PifHttpConfig *config = &server->config;
    return MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, config->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        config->max_per_client, MHD_OPTION_CONNECTION_TIMEOUT, config->timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_END);
}

PifHttpServer *pif_http_server_new(PifLoop *loop, int fd, const PifHttpConfig *config,
                                   GError **error)
{
    g_autoptr(PifHttpServer) server = g_new0(PifHttpServer, 1);
    server->loop = loop;
    server->config = *config;
    server->timer.fire = on_time;
    server->now_us = pif_loop_now_us();
    server->again = (PifWatch){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_again};
    server->daemon = start(server, fd);
    if (!server->daemon) {
        close(fd);
        pif_error_set(error, PIF_ERROR_EXTERNAL, "libmicrohttpd does not start");
        return NULL;
    }
    int epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    server->watch = (PifWatch){epoll, on_ready};
    if (server->again.fd < 0) {
        pif_error_set_errno(error, errno, "cannot make an event descriptor");
        return NULL;
    }
    if (!pif_loop_add(loop, &server->watch, error) || !pif_loop_add(loop, &server->again, error))
        return NULL;
    return g_steal_pointer(&server);
}

void pif_http_server_free(PifHttpServer *server)
{
    if (!server)
        return;
    pif_loop_cancel_timer(server->loop, &server->timer);
    if (server->watch.fd > 0)
        pif_loop_remove(server->loop, &server->watch);
    if (server->again.fd > 0) {
        pif_loop_remove(server->loop, &server->again);
        close(server->again.fd);
    }
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    g_free(server);
}
