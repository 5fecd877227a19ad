// SPDX-License-Identifier: MIT
// The servers put together in one loop.
#include "hw/netboot/server/serve.h"

#include "hw/netboot/server/dhcp-service.h"
#include "hw/netboot/server/doorman.h"
#include "hw/netboot/server/events.h"
#include "hw/netboot/server/interface.h"
#include "hw/netboot/server/sandbox.h"
#include "hw/netboot/server/tree-setup.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/size.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    OTHER_FILES = 64,
    MAX_PER_CLIENT = 256,
    UDP_AND_TFTP_HEADS = 32,
    MAX_WINDOW = 64,
    MAX_UPLOAD = 64 << 20
};

typedef struct {
    const PifServeOptions *options;
    PifInterface interface; /* name "": all of them */
    PifEventLog log;
    PifLoop *loop;
    PifServedTree *tree;
    PifUploads *uploads;
    PifTftpServer *tftp;
    PifHttpServer *http;
    PifDhcpService *dhcp;
    PifWatch signals;
    PifWatch door;    /* news of the interface */
    PifFd any_socket; /* for ioctl */
} Server;

static void on_signal(PifWatch *watch, int64_t now_us)
{
    struct signalfd_siginfo info;
    if (read(watch->fd, &info, sizeof info) == sizeof info)
        pif_loop_quit(PIF_CONTAINER_OF(watch, Server, signals)->loop);
}

static gboolean watch_signals(Server *server, GError **error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    server->signals = (PifWatch){signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), on_signal};
    if (server->signals.fd < 0)
        return pif_error_set_errno(error, errno, "cannot watch for signals");
    return pif_loop_add(server->loop, &server->signals, error);
}

static void identify(const struct sockaddr_in *client, PifNodeIdentity *ret_identity, gpointer data)
{
    const Server *server = data;
    const PifDhcpLease *lease =
        server->dhcp ? pif_dhcp_service_find(server->dhcp, ntohl(client->sin_addr.s_addr)) : NULL;
    if (lease) {
        memcpy(ret_identity->mac, lease->mac, sizeof ret_identity->mac);
        ret_identity->has_mac = true;
        ret_identity->serial = lease->serial;
        ret_identity->has_serial = lease->has_serial;
        ret_identity->has_lease = true;
        if (lease->name)
            g_strlcpy(ret_identity->name, lease->name, sizeof ret_identity->name);
    } else if (*server->interface.name)
        ret_identity->has_mac = pif_interface_find_mac(server->interface.name, server->any_socket,
                                                       client->sin_addr, ret_identity->mac);
}

static void note_progress(const Server *server, const PifNodeIdentity *identity)
{
    if (server->dhcp && identity->has_mac)
        pif_dhcp_service_note_progress(server->dhcp, identity->mac);
}

static void on_tftp_event(const PifTftpEvent *event, gpointer data)
{
    Server *server = data;
    note_progress(server, &event->identity);
    pif_event_log_tftp(&server->log, event);
}

static PifTftpConfig tftp_config(Server *server)
{
    PifTftpConfig config = {.tree = server->tree,
                            .uploads = server->uploads,
                            .limits = PIF_TFTP_LIMITS_DEFAULT,
                            .max_transfers = (unsigned)server->options->max_transfers,
                            .max_per_client = MAX_PER_CLIENT,
                            .identify = identify,
                            .on_event = on_tftp_event,
                            .data = server};
    /* larger blocks would travel in pieces, which boot ROMs do not put together */
    if (server->interface.mtu > UDP_AND_TFTP_HEADS + PIF_TFTP_DEFAULT_BLKSIZE)
        config.limits.max_blksize = MIN(server->interface.mtu - UDP_AND_TFTP_HEADS, 65464);
    config.limits.max_windowsize = MAX_WINDOW;
    config.limits.rollover = server->options->rollover_to_1 ? 1 : 0;
    return config;
}

static gboolean open_tree(Server *server, GError **error)
{
    char address[INET_ADDRSTRLEN];
    const char *own = NULL;
    if (server->interface.address.s_addr)
        own = inet_ntop(AF_INET, &server->interface.address, address, sizeof address);
    server->tree = pif_tree_setup(server->options, own, error);
    return server->tree != NULL;
}

static gboolean open_uploads(Server *server, GError **error)
{
    const PifServeOptions *options = server->options;
    guint64 max_size = MAX_UPLOAD;
    if (!options->upload)
        return TRUE;
    if (options->upload_max && !pif_size_parse(options->upload_max, &max_size))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--upload-max wants a size like 64MiB, not '%s'", options->upload_max);
    server->uploads =
        pif_uploads_open(options->upload, max_size, options->may_upload_replace, error);
    return server->uploads != NULL;
}

static gboolean start_tftp(Server *server, PifServeSockets *sockets, GError **error)
{
    if (!pif_serve_options_has_tftp(server->options))
        return TRUE;
    const PifTftpConfig config = tftp_config(server);
    g_clear_pointer(&server->tftp, pif_tftp_server_free);
    server->tftp = pif_tftp_server_new(server->loop, pif_fd_steal(&sockets->tftp), &config, error);
    return server->tftp != NULL;
}

static void on_http_event(const PifHttpEvent *event, gpointer data)
{
    Server *server = data;
    note_progress(server, &event->identity);
    pif_event_log_http(&server->log, event);
}

static gboolean start_http(Server *server, PifServeSockets *sockets, GError **error)
{
    PifHttpConfig config = PIF_HTTP_CONFIG_DEFAULT;
    if (!pif_serve_options_has_http(server->options))
        return TRUE;
    config.tree = server->tree;
    config.timeout_s = (unsigned)server->options->http_timeout_s;
    config.is_for_leases_only = server->options->is_http_for_leases_only;
    config.identify = identify;
    config.on_event = on_http_event;
    config.data = server;
    g_clear_pointer(&server->http, pif_http_server_free);
    server->http = pif_http_server_new(server->loop, pif_fd_steal(&sockets->http), &config, error);
    return server->http != NULL;
}

static gboolean start_dhcp(Server *server, PifServeSockets *sockets, GError **error)
{
    if (!pif_serve_options_has_dhcp(server->options))
        return TRUE;
    if (server->dhcp)
        return pif_dhcp_service_move(server->dhcp, &server->interface, &sockets->dhcp, error);
    server->dhcp = pif_dhcp_service_new(server->loop, server->options, &server->interface,
                                        &sockets->dhcp, &server->log, error);
    return server->dhcp != NULL;
}

static gboolean start_all(Server *server, PifServeSockets *sockets, GError **error)
{
    return start_dhcp(server, sockets, error) && start_tftp(server, sockets, error) &&
           start_http(server, sockets, error);
}

static void say(Server *server, const char *event, const char *message)
{
    pif_event_log_write(
        &server->log, "netboot", event,
        json_pack("{s:s?, s:s}", "interface", server->options->interface, "message", message));
}

/* What was on its way on the interface that is no more is lost; leases are not. */
static void move(Server *server, PifDoorNews *news)
{
    g_autoptr(GError) error = NULL;
    server->interface = news->interface;
    if (start_all(server, &news->sockets, &error)) {
        say(server, "interface-back", "the interface is back, and served again");
    } else {
        say(server, "failed", error->message);
        pif_loop_fail(server->loop, g_steal_pointer(&error));
    }
    pif_serve_sockets_clear(&news->sockets);
}

static void on_news(PifWatch *watch, int64_t now_us)
{
    Server *server = PIF_CONTAINER_OF(watch, Server, door);
    g_autoptr(GError) error = NULL;
    PifDoorNews news;
    if (!pif_doorman_receive(watch->fd, &news, &error)) {
        if (error) {
            say(server, "failed", error->message);
            pif_loop_remove(server->loop, watch);
        }
    } else if (news.is_back) {
        move(server, &news);
    } else {
        say(server, "interface-gone",
            "the interface is no more; it is served when it comes back "
            "with the same address");
    }
}

static gboolean watch_door(Server *server, GError **error)
{
    if (!*server->interface.name)
        return TRUE;
    server->door.ready = on_news;
    return pif_doorman_start(server->options, &server->interface, &server->door.fd, error) &&
           pif_loop_add(server->loop, &server->door, error);
}

static void allow_many_files(const PifServeOptions *options)
{
    rlim_t wanted = (rlim_t)options->max_transfers + OTHER_FILES;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_max = MAX(limit.rlim_max, wanted);
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static gboolean server_start(Server *server, GError **error)
{
    const PifServeOptions *options = server->options;
    g_auto(PifServeSockets) sockets = PIF_SERVE_NO_SOCKETS;
    if (options->interface && !pif_interface_read(options->interface, &server->interface, error))
        return FALSE;
    server->any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    server->loop = pif_loop_new(error);
    return server->loop && watch_signals(server, error) && open_tree(server, error) &&
           open_uploads(server, error) &&
           pif_serve_sockets_open(options, &server->interface, &sockets, error) &&
           start_all(server, &sockets, error) && watch_door(server, error);
}

static void server_clear(Server *server)
{
    pif_tftp_server_free(server->tftp);
    pif_http_server_free(server->http);
    pif_dhcp_service_free(server->dhcp);
    pif_served_tree_free(server->tree);
    pif_uploads_free(server->uploads);
    if (server->signals.fd > 0)
        close(server->signals.fd);
    if (server->door.fd > 0)
        close(server->door.fd);
    pif_loop_free(server->loop);
    pif_fd_clear(&server->any_socket);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Server, server_clear)

static void say_ready(Server *server)
{
    const char *root = server->options->roots ? server->options->roots[0] : NULL;
    json_t *fields =
        json_pack("{s:s?, s:s?, s:s?, s:i}", "interface", server->options->interface, "dhcp",
                  server->options->dhcp, "root", root, "tftp_port", server->options->tftp_port);
    pif_event_log_write(&server->log, "netboot", "ready", fields);
}

gboolean pif_serve(const PifServeOptions *options, GError **error)
{
    g_auto(Server) server = {.options = options, .log.fd = STDOUT_FILENO, .any_socket = -1};
    const char *folder = pif_tree_setup_folder(options);
    allow_many_files(options);
    if (!server_start(&server, error) ||
        !pif_sandbox_enter(folder ? folder : "", options->user ? options->user : "nobody", error))
        return FALSE;
    say_ready(&server);
    return pif_loop_run(server.loop, error);
}
