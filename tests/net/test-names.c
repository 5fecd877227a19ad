// SPDX-License-Identifier: MIT
// dnsmasq on the farm's bridge: a node in a namespace of its own asks it for names.
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

static const PifNamedHost hosts[] = {{"n1", N1}, {"n2", N2}};

/* A farm's bridge with dnsmasq on it, in a namespace, and a folder that goes with the test. */
typedef struct {
    char *folder; /* NULL: not set up, for lack of rights */
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
    g_autoptr(GError) error = NULL;
    if (!enter_namespace())
        return;
    fixture->folder = g_dir_make_tmp("pif names XXXXXX", &error); /* mode 0700; with spaces */
    g_assert_no_error(error);
    make_bridge();
    fixture->spec = (PifDnsmasqSpec){.farm = "lab",
                                     .bridge = "pifarm0",
                                     .host_address = HOST,
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
static pid_t node_start(const char *address)
{
    pid_t pid = fork_and_await(enter_own_network, NULL);
    g_autofree char *commands =
        g_strdup_printf("ip link add name port1 type veth peer name eth0 netns %d\n"
                        "ip link set dev port1 master pifarm0 up\n"
                        "nsenter -t %d -n ip address add %s/24 dev eth0\n"
                        "nsenter -t %d -n ip link set dev eth0 up",
                        (int)pid, (int)pid, address, (int)pid);
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
    pid_t node = node_start("10.77.0.12");
    assert_resolves(node, "n1", "Address: 10.77.0.11");
    assert_resolves(node, "n1.lab", "Address: 10.77.0.11");
    assert_resolves(node, "host.lab", "Address: 10.77.0.1");
    g_autofree char *from_host = output_of("busybox nslookup -type=a n2.lab 10.77.0.1");
    g_assert_nonnull(strstr(from_host, "Address: 10.77.0.12"));
    node_stop(node);
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
    g_assert_nonnull(strstr(status, "CapEff:\t0000000000000400")); /* bit 10: capability.h */
    g_assert_nonnull(strstr(status, "CapBnd:\t0000000000000400"));
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

#define TEST(name) g_test_add("/names/" #name, Fixture, NULL, fixture_init, name, fixture_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(nodes_and_host_resolve_by_short_and_long_name);
    TEST(dnsmasq_has_no_more_rights_than_it_needs);
    TEST(a_second_server_on_the_bridge_is_refused_with_the_first_ones_name);
    TEST(without_the_bridge_it_says_so);
    TEST(dnsmasq_dies_with_a_daemon_that_is_killed);
    return g_test_run();
}
