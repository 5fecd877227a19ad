// SPDX-License-Identifier: MIT
// dnsmasq on the farm's bridge: nodes in namespaces of their own ask it for addresses and names.
#include "namespace.h"

#include "netsetup/dnsmasq.h"
#include "netsetup/net.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { HOST = 0x0a4d0001, N1 = 0x0a4d000b, N2 = 0x0a4d000c, DEADLINE_MS = 10000 };

static const uint8_t mac_1[] = {0xb8, 0x27, 0xeb, 0x00, 0x00, 0x01};
static const uint8_t mac_2[] = {0xb8, 0x27, 0xeb, 0x00, 0x00, 0x02};
static const PifLeaseHost hosts[] = {{"n1", mac_1, N1}, {"n2", mac_2, N2}};

/* A farm's bridge with dnsmasq on it, in a namespace, and a folder that goes with the test. */
typedef struct {
    char *folder; /* NULL: not set up, for lack of rights */
    char *script; /* of udhcpc: prints what it got, and sets the address */
    GSubprocess *dnsmasq;
    PifDnsmasqSpec spec;
} Fixture;

static void make_bridge(void)
{
    const PifNetSpec spec = {"lab", "pifarm0", HOST, 24};
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&spec, &error);
    g_assert_no_error(error);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static void fixture_init(Fixture *fixture, gconstpointer unused)
{
    static const char script[] =
        "#!/bin/sh\n"
        "[ \"$1\" = bound ] || exit 0\n"
        "ip address add \"$ip/$mask\" dev \"$interface\"\n"
        "echo \"$ip/$mask router=$router dns=$dns name=$hostname.$domain for $lease s\"\n";
    g_autoptr(GError) error = NULL;
    if (!enter_namespace())
        return;
    fixture->folder = g_dir_make_tmp("pif dhcp XXXXXX", &error); /* mode 0700; with spaces */
    g_assert_no_error(error);
    fixture->script = g_build_filename(fixture->folder, "script", NULL);
    pif_file_write(fixture->script, script, -1, 0755, &error);
    g_assert_no_error(error);
    make_bridge();
    fixture->spec = (PifDnsmasqSpec){.farm = "lab",
                                     .bridge = "pifarm0",
                                     .host_address = HOST,
                                     .network = HOST - 1,
                                     .prefix_length = 24,
                                     .hosts = hosts,
                                     .n_hosts = G_N_ELEMENTS(hosts)};
    fixture->spec.directory = g_build_filename(fixture->folder, "dnsmasq", NULL);
    fixture->dnsmasq = pif_dnsmasq_start(&fixture->spec, &error);
    g_assert_no_error(error);
}

static void fixture_clear(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_subprocess_force_exit(fixture->dnsmasq);
    g_subprocess_wait(fixture->dnsmasq, NULL, NULL);
    g_object_unref(fixture->dnsmasq);
    pif_dir_remove(fixture->folder, NULL);
    g_free((char *)fixture->spec.directory);
    g_free(fixture->script);
    g_free(fixture->folder);
}

/* A process that is to die with the test, and that tells by a byte when it is ready. */
static pid_t fork_and_await(void (*prepare)(gpointer data), gpointer data)
{
    int ready[2];
    char byte = '!';
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prepare(data);
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    return pid;
}

static void enter_own_network(gpointer unused)
{
    if (unshare(CLONE_NEWNET) < 0)
        _exit(1);
}

/* Plugs a node into the bridge: a network of its own, with eth0. */
static pid_t node_start(const char *mac)
{
    static int n_nodes;
    pid_t pid = fork_and_await(enter_own_network, NULL);
    n_nodes++;
    g_autofree char *commands =
        g_strdup_printf("ip link add name port%d type veth peer name eth0 address %s netns %d\n"
                        "ip link set dev port%d master pifarm0 up\n"
                        "nsenter -t %d -n ip link set dev eth0 up",
                        n_nodes, mac, (int)pid, n_nodes, (int)pid);
    run(commands);
    return pid;
}

static void node_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* What a command prints on a node; Free it. */
static char *node_run(pid_t node, const char *command)
{
    g_autofree char *line = g_strdup_printf("nsenter -t %d -n %s 2>&1", (int)node, command);
    return output_of(line);
}

/* What udhcpc gets: see the script above; "" when nobody answers. Free it. */
static char *ask_for_address(const Fixture *fixture, pid_t node)
{
    g_autofree char *line = g_strdup_printf(
        "nsenter -t %d -n busybox udhcpc -f -q -n -t 2 -T 1 -i eth0 -s '%s' 2>/dev/null || true",
        (int)node, fixture->script);
    return output_of(line);
}

static void assert_gets(const Fixture *fixture, const char *mac, const char *expected)
{
    pid_t node = node_start(mac);
    g_autofree char *got = ask_for_address(fixture, node);
    g_assert_cmpstr(got, ==, expected);
    node_stop(node);
}

static void a_node_gets_the_address_of_its_mac(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    gint64 start_us = g_get_monotonic_time();
    assert_gets(fixture, "b8:27:eb:00:00:02",
                "10.77.0.12/24 router= dns=10.77.0.1 name=n2.lab for 43200 s\n");
    g_test_message("in %.0f ms", (double)(g_get_monotonic_time() - start_us) / 1000);
}

static void a_mac_garbled_by_old_qemu_is_the_same_node(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    static const char expected[] = "10.77.0.11/24 router= dns=10.77.0.1 name=n1.lab for 43200 s\n";
    assert_gets(fixture, "b8:27:eb:00:00:01", expected);
    assert_gets(fixture, "40:27:eb:00:00:01", expected);
}

static void a_stranger_gets_no_answer(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    assert_gets(fixture, "52:54:00:00:00:03", "");
}

static void assert_resolves(pid_t node, const char *name, const char *address)
{
    g_autofree char *command = g_strdup_printf("busybox nslookup -type=a %s 10.77.0.1", name);
    g_autofree char *output = node_run(node, command);
    if (!strstr(output, address))
        g_error("%s is not %s but: %s", name, address, output);
}

static void nodes_and_host_resolve_by_short_and_long_name(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    pid_t node = node_start("b8:27:eb:00:00:02");
    g_free(ask_for_address(fixture, node));
    assert_resolves(node, "n1", "Address: 10.77.0.11");
    assert_resolves(node, "n1.lab", "Address: 10.77.0.11");
    assert_resolves(node, "host.lab", "Address: 10.77.0.1");
    g_autofree char *from_host = output_of("busybox nslookup -type=a n2.lab 10.77.0.1");
    g_assert_nonnull(strstr(from_host, "Address: 10.77.0.12"));
    node_stop(node);
}

static void on_leases_changed(GFileMonitor *monitor, GFile *file, GFile *other,
                              GFileMonitorEvent event, gpointer has_changed)
{
    *(gboolean *)has_changed = TRUE;
}

static void a_lease_given_is_an_event_and_can_be_read(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    gboolean has_changed = FALSE;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = pif_dnsmasq_leases_path(fixture->spec.directory);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileMonitor) monitor = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(monitor, "changed", G_CALLBACK(on_leases_changed), &has_changed);
    assert_gets(fixture, "b8:27:eb:00:00:01",
                "10.77.0.11/24 router= dns=10.77.0.1 name=n1.lab for 43200 s\n");
    while (!has_changed)
        g_main_context_iteration(NULL, TRUE);
    g_autoptr(GArray) leases = pif_dnsmasq_read_leases(fixture->spec.directory, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(leases->len, ==, 1);
    const PifLease *lease = &g_array_index(leases, PifLease, 0);
    g_assert_cmphex(lease->address, ==, N1);
    g_assert_cmpmem(lease->mac, PIF_MAC_SIZE, mac_1, sizeof mac_1);
    g_assert_cmpstr(lease->name, ==, "n1");
}

static void dnsmasq_has_no_more_rights_than_it_needs(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_autofree char *command =
        g_strdup_printf("grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs):' /proc/%s/status",
                        g_subprocess_get_identifier(fixture->dnsmasq));
    g_autofree char *status = output_of(command);
    g_assert_null(strstr(status, "Uid:\t0"));
    g_assert_nonnull(strstr(status, "CapEff:\t0000000000003400")); /* 10, 12, 13: capability.h */
    g_assert_nonnull(strstr(status, "CapBnd:\t0000000000003400"));
    g_assert_nonnull(strstr(status, "NoNewPrivs:\t1"));
}

static void a_second_server_on_the_bridge_is_refused_with_the_first_ones_name(Fixture *fixture,
                                                                              gconstpointer unused)
{
    if (!fixture->folder)
        return;
    PifDnsmasqSpec second = fixture->spec;
    g_autofree char *directory = g_build_filename(fixture->folder, "second", NULL);
    g_autoptr(GError) error = NULL;
    second.directory = directory;
    g_assert_null(pif_dnsmasq_start(&second, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    g_autofree char *expected = g_strdup_printf(
        "dnsmasq cannot serve farm 'lab' on pifarm0: port 53 is in use by dnsmasq (pid %s); stop "
        "it, or keep it off that interface",
        g_subprocess_get_identifier(fixture->dnsmasq));
    g_assert_cmpstr(error->message, ==, expected);
}

static void without_the_bridge_it_says_so(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    PifDnsmasqSpec elsewhere = fixture->spec;
    g_autofree char *directory = g_build_filename(fixture->folder, "elsewhere", NULL);
    g_autoptr(GError) error = NULL;
    elsewhere.bridge = "nowhere0";
    elsewhere.directory = directory;
    g_assert_null(pif_dnsmasq_start(&elsewhere, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_EXTERNAL);
    g_assert_cmpstr(error->message, ==,
                    "dnsmasq cannot serve farm 'lab' on nowhere0: unknown interface nowhere0");
}

/* In a process of its own, the daemon: starts dnsmasq and writes down its process ID. */
static void start_second_dnsmasq(gpointer data)
{
    const Fixture *fixture = data;
    PifDnsmasqSpec second = fixture->spec;
    g_autofree char *directory = g_build_filename(fixture->folder, "second", NULL);
    g_autofree char *pid_path = g_build_filename(fixture->folder, "pid", NULL);
    second.directory = directory;
    GSubprocess *process = pif_dnsmasq_start(&second, NULL);
    if (!process || !pif_file_write(pid_path, g_subprocess_get_identifier(process), -1, 0600, NULL))
        _exit(1);
}

static void dnsmasq_dies_with_a_daemon_that_is_killed(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    run("ip link add name pifarm1 type bridge; ip address add 10.78.0.1/24 dev pifarm1;"
        "ip link set dev pifarm1 up");
    fixture->spec.bridge = "pifarm1";
    fixture->spec.n_hosts = 0;
    pid_t daemon = fork_and_await(start_second_dnsmasq, fixture);
    g_autofree char *pid_path = g_build_filename(fixture->folder, "pid", NULL);
    g_autofree char *pid = NULL;
    g_assert_true(pif_file_read(pid_path, 16, &pid, NULL, NULL));
    g_auto(PifFd) dnsmasq = pidfd_open((pid_t)g_ascii_strtoll(pid, NULL, 10), 0);
    struct pollfd end = {dnsmasq, POLLIN};
    g_assert_cmpint(poll(&end, 1, 0), ==, 0);
    node_stop(daemon);
    g_assert_cmpint(poll(&end, 1, DEADLINE_MS), ==, 1);
}

#define TEST(name)                                                                                 \
    g_test_add("/dhcp-and-names/" #name, Fixture, NULL, fixture_init, name, fixture_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_node_gets_the_address_of_its_mac);
    TEST(a_mac_garbled_by_old_qemu_is_the_same_node);
    TEST(a_stranger_gets_no_answer);
    TEST(nodes_and_host_resolve_by_short_and_long_name);
    TEST(a_lease_given_is_an_event_and_can_be_read);
    TEST(dnsmasq_has_no_more_rights_than_it_needs);
    TEST(a_second_server_on_the_bridge_is_refused_with_the_first_ones_name);
    TEST(without_the_bridge_it_says_so);
    TEST(dnsmasq_dies_with_a_daemon_that_is_killed);
    return g_test_run();
}
