// SPDX-License-Identifier: MIT
// Forwards over loopback: the forward runs in this thread's main context, its peers in threads of
// their own with blocking sockets.
#include "netsetup/forward.h"
#include "netsetup/port.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LOOPBACK = INADDR_LOOPBACK, MANY = 64, DEADLINE_S = 10, BULK = 10 << 20 };

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(LOOPBACK)};
}

/* A listening socket on a port that the kernel chooses. */
static int listen_anywhere(uint16_t *ret_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(fd, MANY), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static uint16_t free_port(void)
{
    uint16_t port;
    close(listen_anywhere(&port));
    return port;
}

/* A test that hangs fails in its read or write instead. */
static int with_deadline(int fd)
{
    struct timeval deadline = {.tv_sec = DEADLINE_S};
    g_assert_cmpint(fd, >=, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = with_deadline(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static int accept_from(int listener)
{
    return with_deadline(accept(listener, NULL, NULL));
}

static void send_text(int fd, const char *text)
{
    g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (int)strlen(text));
}

/* All until the end of the stream. */
static char *receive_to_end(int fd)
{
    GString *text = g_string_new(NULL);
    char buffer[256];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) != 0;) {
        g_assert_cmpint(got, >, 0);
        g_string_append_len(text, buffer, got);
    }
    return g_string_free(text, FALSE);
}

static PifForward *start(uint16_t port, uint16_t target_port, unsigned max_connections,
                         GError **error)
{
    const PifForwardSpec spec = {PIF_PORT_TCP, LOOPBACK,    port,
                                 LOOPBACK,     target_port, max_connections};
    return pif_forward_start(&spec, error);
}

/* A forward to a server of the test's own, for one test. */
typedef struct {
    PifForward *forward;
    uint16_t port;
    int server; /* listening socket */
} Fixture;

static void fixture_init(Fixture *fixture, gconstpointer max_connections)
{
    uint16_t target_port;
    g_autoptr(GError) error = NULL;
    fixture->server = listen_anywhere(&target_port);
    fixture->port = free_port();
    fixture->forward = start(fixture->port, target_port, GPOINTER_TO_UINT(max_connections), &error);
    g_assert_no_error(error);
}

static void fixture_clear(Fixture *fixture, gconstpointer max_connections)
{
    pif_forward_free(fixture->forward);
    close(fixture->server);
}

/* Runs both peers in threads, and the main context until both have returned. */
static int n_running;

typedef struct {
    void (*peer)(const Fixture *fixture);
    const Fixture *fixture;
} Peer;

static gpointer run_peer(gpointer data)
{
    Peer *peer = data;
    peer->peer(peer->fixture);
    g_atomic_int_add(&n_running, -1);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void run_peers(const Fixture *fixture, void (*client)(const Fixture *),
                      void (*server)(const Fixture *))
{
    Peer peers[] = {{client, fixture}, {server, fixture}};
    GThread *threads[G_N_ELEMENTS(peers)];
    n_running = G_N_ELEMENTS(peers);
    for (size_t i = 0; i < G_N_ELEMENTS(peers); i++)
        threads[i] = g_thread_new("peer", run_peer, &peers[i]);
    while (g_atomic_int_get(&n_running) > 0)
        g_main_context_iteration(NULL, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(peers); i++)
        g_thread_join(threads[i]);
}

static void ask(const Fixture *fixture)
{
    g_auto(PifFd) fd = connect_to(fixture->port);
    send_text(fd, "who is there?");
    g_assert_cmpint(shutdown(fd, SHUT_WR), ==, 0);
    g_autofree char *answer = receive_to_end(fd);
    g_assert_cmpstr(answer, ==, "you said: who is there?");
}

static void answer_when_the_question_has_ended(const Fixture *fixture)
{
    g_auto(PifFd) fd = accept_from(fixture->server);
    g_autofree char *question = receive_to_end(fd);
    send_text(fd, "you said: ");
    send_text(fd, question);
}

static void the_end_of_one_direction_is_passed_on_while_the_other_goes_on(Fixture *fixture,
                                                                          gconstpointer unused)
{
    run_peers(fixture, ask, answer_when_the_question_has_ended);
}

/* Byte at a position of the bulk data: a pattern that no block size divides. */
static char bulk_byte(size_t position)
{
    return (char)(position % 251);
}

static gpointer send_bulk(gpointer fd)
{
    g_autofree char *data = g_malloc(BULK);
    for (size_t i = 0; i < BULK; i++)
        data[i] = bulk_byte(i);
    g_assert_cmpint(send(GPOINTER_TO_INT(fd), data, BULK, MSG_NOSIGNAL), ==, BULK);
    g_assert_cmpint(shutdown(GPOINTER_TO_INT(fd), SHUT_WR), ==, 0);
    return NULL;
}

static void exchange_bulk(int fd)
{
    char buffer[1 << 16];
    size_t received = 0;
    GThread *sender = g_thread_new("sender", send_bulk, GINT_TO_POINTER(fd));
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) != 0; received += (size_t)got) {
        g_assert_cmpint(got, >, 0);
        for (ssize_t i = 0; i < got; i++)
            if (buffer[i] != bulk_byte(received + (size_t)i))
                g_error("byte %zu is wrong", received + (size_t)i);
    }
    g_assert_cmpuint(received, ==, BULK);
    g_thread_join(sender);
}

static void exchange_bulk_as_client(const Fixture *fixture)
{
    g_auto(PifFd) fd = connect_to(fixture->port);
    exchange_bulk(fd);
}

static void exchange_bulk_as_server(const Fixture *fixture)
{
    g_auto(PifFd) fd = accept_from(fixture->server);
    exchange_bulk(fd);
}

static void ten_megabytes_cross_in_both_directions_at_once(Fixture *fixture, gconstpointer unused)
{
    gint64 start_us = g_get_monotonic_time();
    run_peers(fixture, exchange_bulk_as_client, exchange_bulk_as_server);
    g_test_message("2 x 10 MiB in %.0f ms", (double)(g_get_monotonic_time() - start_us) / 1000);
}

static void expect_to_be_closed(const Fixture *fixture)
{
    g_auto(PifFd) fd = connect_to(fixture->port);
    char byte;
    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
}

static void do_nothing(const Fixture *fixture)
{
}

static void a_refused_connection_closes_the_clients(Fixture *fixture, gconstpointer unused)
{
    close(fixture->server);
    fixture->server = -1;
    run_peers(fixture, expect_to_be_closed, do_nothing);
}

static void connect_and_reset(const Fixture *fixture)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    g_auto(PifFd) fd = connect_to(fixture->port);
    char byte;
    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void greet_and_await_the_end(const Fixture *fixture)
{
    g_auto(PifFd) fd = accept_from(fixture->server);
    send_text(fd, "!");
    char byte;
    g_assert_cmpint(recv(fd, &byte, 1, 0), <=, 0);
    g_assert_cmpint(errno, !=, EAGAIN);
}

static void a_client_that_resets_ends_the_nodes_connection(Fixture *fixture, gconstpointer unused)
{
    run_peers(fixture, connect_and_reset, greet_and_await_the_end);
}

static GAsyncQueue *stalled; /* told by the sender, awaited by the one that reads nothing */

static void send_as_much_as_is_taken(const Fixture *fixture)
{
    enum { PATIENCE_MS = 500, LIMIT = 20 << 20 };
    static const char block[1 << 16];
    g_auto(PifFd) fd = accept_from(fixture->server);
    struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t sent = 0;
    for (ssize_t n; sent < 4 * LIMIT && (n = send(fd, block, sizeof block, MSG_NOSIGNAL)) > 0;)
        sent += (size_t)n;
    g_async_queue_push(stalled, fixture->forward);
    g_test_message("%zu KiB were taken for a client that reads nothing", sent >> 10);
    g_assert_cmpuint(sent, <, LIMIT); /* the kernel's buffers of two connections, at their most */
}

static void connect_but_read_nothing(const Fixture *fixture)
{
    g_auto(PifFd) fd = connect_to(fixture->port);
    g_assert_nonnull(g_async_queue_timeout_pop(stalled, DEADLINE_S * G_USEC_PER_SEC));
}

static void a_client_that_does_not_read_holds_up_the_node(Fixture *fixture, gconstpointer unused)
{
    stalled = g_async_queue_new();
    run_peers(fixture, connect_but_read_nothing, send_as_much_as_is_taken);
    g_async_queue_unref(stalled);
}

/* Two clients, where one is allowed: the second is served when the first has gone. */
static void connect_twice(const Fixture *fixture)
{
    char byte;
    g_auto(PifFd) first = connect_to(fixture->port);
    g_assert_cmpint(recv(first, &byte, 1, 0), ==, 1);
    g_auto(PifFd) second = connect_to(fixture->port);
    struct timeval moment = {.tv_usec = 200 * 1000};
    setsockopt(second, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    g_assert_cmpint(recv(second, &byte, 1, 0), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    pif_fd_clear(&first);
    with_deadline(second);
    g_assert_cmpint(recv(second, &byte, 1, 0), ==, 1);
}

static void greet_twice(const Fixture *fixture)
{
    for (int i = 0; i < 2; i++) {
        g_auto(PifFd) fd = accept_from(fixture->server);
        char byte;
        send_text(fd, "!");
        g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
    }
}

static void a_connection_over_the_limit_waits_for_its_turn(Fixture *fixture, gconstpointer unused)
{
    run_peers(fixture, connect_twice, greet_twice);
}

static PifForward *to_be_freed;

static gboolean free_it(gpointer unused)
{
    g_clear_pointer(&to_be_freed, pif_forward_free);
    return G_SOURCE_REMOVE;
}

static void connect_and_be_cut_off(const Fixture *fixture)
{
    g_auto(PifFd) fd = connect_to(fixture->port);
    char byte;
    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
    g_idle_add(free_it, NULL);
    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
}

static void freeing_a_forward_ends_its_connections_and_frees_its_port(Fixture *fixture,
                                                                      gconstpointer unused)
{
    to_be_freed = g_steal_pointer(&fixture->forward);
    run_peers(fixture, connect_and_be_cut_off, greet_and_await_the_end);
    g_autoptr(GError) error = NULL;
    fixture->forward = start(fixture->port, 9, MANY, &error);
    g_assert_no_error(error);
}

static void a_busy_port_is_an_error_that_names_the_process(void)
{
    uint16_t port;
    g_auto(PifFd) taken = listen_anywhere(&port);
    g_autoptr(GError) error = NULL;
    g_assert_null(start(port, 9, MANY, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    g_autofree char *expected =
        g_strdup_printf("TCP port %u of this host is in use by test-forward (pid %d); stop it, or "
                        "choose another by "
                        "forward, or ssh-ports under lan",
                        port, (int)getpid());
    g_assert_cmpstr(error->message, ==, expected);
}

/* As the daemon of another farm would have it. */
static void a_port_that_a_farm_has_is_refused_with_its_name(void)
{
    uint16_t port;
    char before[16];
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp(NULL, &error);
    g_autofree char *path = g_build_filename(folder, "office.lock", NULL);
    g_auto(PifFd) taken = listen_anywhere(&port);
    g_auto(PifFd) lock = -1;
    g_assert_true(pif_file_lock(path, TRUE, FALSE, "farm 'office'", &lock, &error));
    prctl(PR_GET_NAME, before);
    prctl(PR_SET_NAME, "pifarmd");
    g_autoptr(PifForward) forward = start(port, 1, 1, &error);
    prctl(PR_SET_NAME, before);
    g_assert_null(forward);
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, "in use by farm 'office' (pifarmd, pid "));
    g_assert_nonnull(strstr(error->message, "ssh-ports under lan"));
    g_assert_true(pif_dir_remove(folder, NULL));
}

static void an_address_that_this_host_lacks_is_an_error_that_says_so(void)
{
    const PifForwardSpec spec = {PIF_PORT_TCP, 0xc0000207, 5701, LOOPBACK, 22, MANY};
    g_autoptr(GError) error = NULL;
    g_assert_null(pif_forward_start(&spec, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==,
                    "cannot listen on 192.0.2.7:5701: this host has no address 192.0.2.7; correct "
                    "the forward");
}

static void trying_leaves_the_port_free(void)
{
    const PifForwardSpec spec = {PIF_PORT_TCP, LOOPBACK, free_port(), LOOPBACK, 22, MANY};
    g_autoptr(GError) error = NULL;
    g_assert_true(pif_forward_try(&spec, &error));
    g_autoptr(PifForward) forward = pif_forward_start(&spec, &error);
    g_assert_no_error(error);
    g_assert_false(pif_forward_try(&spec, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
}

/* A socket of UDP on a port that the kernel chooses. */
static int bind_datagrams(uint16_t *ret_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = with_deadline(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static PifForward *start_datagrams(uint16_t *ret_port, uint16_t target_port, unsigned max_clients)
{
    g_autoptr(GError) error = NULL;
    g_auto(PifFd) taken = bind_datagrams(ret_port);
    pif_fd_clear(&taken);
    const PifForwardSpec spec = {PIF_PORT_UDP, LOOPBACK,    *ret_port,
                                 LOOPBACK,     target_port, max_clients};
    PifForward *forward = pif_forward_start(&spec, &error);
    g_assert_no_error(error);
    return forward;
}

static void send_datagram(int fd, uint16_t port, const char *text)
{
    struct sockaddr_in to = loopback(port);
    g_assert_cmpint(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof to), ==,
                    (int)strlen(text));
}

/* The next datagram, while the main context passes it on; its sender, to answer. Free it. */
static char *receive_datagram(int fd, uint16_t *ret_from)
{
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    char text[64];
    ssize_t got = -1;
    gint64 deadline = g_get_monotonic_time() + DEADLINE_S * G_USEC_PER_SEC;
    while (got < 0 && g_get_monotonic_time() < deadline) {
        g_main_context_iteration(NULL, FALSE);
        got = recvfrom(fd, text, sizeof text, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    }
    g_assert_cmpint(got, >=, 0);
    *ret_from = ntohs(from.sin_port);
    return g_strndup(text, (gsize)got);
}

static void assert_received(int fd, const char *text, uint16_t *ret_from)
{
    g_autofree char *received = receive_datagram(fd, ret_from);
    g_assert_cmpstr(received, ==, text);
}

static void each_client_of_udp_gets_the_answers_to_it(void)
{
    uint16_t target_port, port, a_port, b_port, a_from, b_from, from;
    g_auto(PifFd) node = bind_datagrams(&target_port);
    g_auto(PifFd) a = bind_datagrams(&a_port);
    g_auto(PifFd) b = bind_datagrams(&b_port);
    g_autoptr(PifForward) forward = start_datagrams(&port, target_port, MANY);
    send_datagram(a, port, "from a");
    assert_received(node, "from a", &a_from);
    send_datagram(b, port, "");
    assert_received(node, "", &b_from);
    send_datagram(node, b_from, "for b");
    send_datagram(node, a_from, "for a");
    assert_received(a, "for a", &from);
    g_assert_cmpint(from, ==, port);
    assert_received(b, "for b", &from);
    send_datagram(a, port, "again");
    assert_received(node, "again", &from);
    g_assert_cmpint(from, ==, a_from);
}

static void of_too_many_udp_clients_the_most_silent_is_forgotten(void)
{
    uint16_t target_port, port, client_port, first_from, second_from, from;
    g_auto(PifFd) node = bind_datagrams(&target_port);
    g_auto(PifFd) first = bind_datagrams(&client_port);
    g_auto(PifFd) second = bind_datagrams(&client_port);
    g_autoptr(PifForward) forward = start_datagrams(&port, target_port, 1);
    send_datagram(first, port, "1");
    assert_received(node, "1", &first_from);
    send_datagram(second, port, "2");
    assert_received(node, "2", &second_from);
    send_datagram(node, first_from, "nobody hears this");
    send_datagram(node, second_from, "3");
    assert_received(second, "3", &from);
    send_datagram(first, port, "4");
    assert_received(node, "4", &from);
    g_assert_cmpint(from, !=, second_from);
}

static void a_node_that_refuses_udp_does_not_end_the_forward(void)
{
    uint16_t target_port, port, client_port, from;
    g_auto(PifFd) node = bind_datagrams(&target_port);
    g_auto(PifFd) client = bind_datagrams(&client_port);
    pif_fd_clear(&node);
    g_autoptr(PifForward) forward = start_datagrams(&port, target_port, MANY);
    send_datagram(client, port, "lost");
    while (g_main_context_iteration(NULL, FALSE))
        ;
    node = with_deadline(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    struct sockaddr_in address = loopback(target_port);
    g_assert_cmpint(bind(node, (struct sockaddr *)&address, sizeof address), ==, 0);
    for (int i = 0; i < 2; i++) /* the first is told of the refusal before */
        send_datagram(client, port, "found");
    assert_received(node, "found", &from);
}

static void the_owner_of_a_free_port_is_nobody(void)
{
    g_autofree char *owner = pif_port_find_owner(PIF_PORT_TCP, free_port());
    g_assert_null(owner);
}

#define TEST(name, max_connections)                                                                \
    g_test_add("/forward/" #name, Fixture, GUINT_TO_POINTER(max_connections), fixture_init, name,  \
               fixture_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_end_of_one_direction_is_passed_on_while_the_other_goes_on, MANY);
    TEST(ten_megabytes_cross_in_both_directions_at_once, MANY);
    TEST(a_refused_connection_closes_the_clients, MANY);
    TEST(a_client_that_resets_ends_the_nodes_connection, MANY);
    TEST(a_client_that_does_not_read_holds_up_the_node, MANY);
    TEST(a_connection_over_the_limit_waits_for_its_turn, 1);
    TEST(freeing_a_forward_ends_its_connections_and_frees_its_port, MANY);
    g_test_add_func("/forward/a_busy_port_is_an_error_that_names_the_process",
                    a_busy_port_is_an_error_that_names_the_process);
    g_test_add_func("/forward/a_port_that_a_farm_has_is_refused_with_its_name",
                    a_port_that_a_farm_has_is_refused_with_its_name);
#define PLAIN_TEST(name) g_test_add_func("/forward/" #name, name)
    PLAIN_TEST(an_address_that_this_host_lacks_is_an_error_that_says_so);
    PLAIN_TEST(trying_leaves_the_port_free);
    PLAIN_TEST(each_client_of_udp_gets_the_answers_to_it);
    PLAIN_TEST(of_too_many_udp_clients_the_most_silent_is_forgotten);
    PLAIN_TEST(a_node_that_refuses_udp_does_not_end_the_forward);
    g_test_add_func("/forward/the_owner_of_a_free_port_is_nobody",
                    the_owner_of_a_free_port_is_nobody);
    return g_test_run();
}
