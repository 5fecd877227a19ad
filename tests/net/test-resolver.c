// SPDX-License-Identifier: MIT
// Who tells the host's programs the nodes' names: systemd-resolved, played by a program that notes
// what it is told, and resolv.conf. In mounts of the test's own.
#include "namespace.h"

#include "netsetup/resolver.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

static const PifNetSpec spec = {"lab", "pifarm0", 0x0a4d0001, 24};

/* /run and /etc are empty, and the first resolvectl in PATH is ours. */
static gboolean enter_mounts(void)
{
    if (!enter_namespace() || unshare(CLONE_NEWNS) < 0)
        return FALSE;
    run("mount --make-rprivate /; mount -t tmpfs none /run; mount -t tmpfs none /etc\n"
        "mkdir /run/bin; : >/run/told\n"
        "printf '#!/bin/sh\\necho \"$@\" >>/run/told\\n[ ! -e /run/fails ] || { echo no >&2; exit "
        "1; }\\n' >/run/bin/resolvectl\n"
        "chmod +x /run/bin/resolvectl");
    g_autofree char *path = g_strconcat("/run/bin:", g_getenv("PATH"), NULL);
    g_setenv("PATH", path, TRUE);
    return TRUE;
}

static void assert_file_is(const char *path, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    pif_file_read(path, 4096, &text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
}

static void resolved_asks_for_the_farms_names_and_no_others(void)
{
    g_autoptr(GError) error = NULL;
    if (!enter_mounts())
        return;
    run("mkdir -p /run/systemd/resolve; : >/run/systemd/resolve/io.systemd.Resolve");
    pif_resolver_tell(&spec, &error);
    g_assert_no_error(error);
    assert_file_is("/run/told", "dns pifarm0 10.77.0.1\n"
                                "domain pifarm0 lab\n"
                                "default-route pifarm0 no\n");
}

static void a_host_without_resolved_is_told_nothing(void)
{
    g_autoptr(GError) error = NULL;
    if (!enter_mounts())
        return;
    pif_resolver_tell(&spec, &error);
    g_assert_no_error(error);
    assert_file_is("/run/told", "");
}

static void a_resolved_that_refuses_is_an_error_with_its_words(void)
{
    g_autoptr(GError) error = NULL;
    if (!enter_mounts())
        return;
    run("mkdir -p /run/systemd/resolve; : >/run/systemd/resolve/io.systemd.Resolve; : >/run/fails");
    g_assert_false(pif_resolver_tell(&spec, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_EXTERNAL);
    g_assert_cmpstr(error->message, ==, "resolvectl failed with exit status 1: no");
}

static void resolv_conf_names_the_farms_server(const char *before)
{
    static const char expected[] = "nameserver 10.77.0.1\nsearch lab\n";
    g_autoptr(GError) error = NULL;
    if (!enter_mounts())
        return;
    run(before);
    pif_resolver_replace(&spec, &error);
    g_assert_no_error(error);
    if (g_file_test("/etc/resolv.conf", G_FILE_TEST_EXISTS))
        assert_file_is("/etc/resolv.conf", expected);
    g_assert_false(g_file_test("/run/systemd/resolve/io.systemd.Resolve", G_FILE_TEST_EXISTS));
}

static void within_a_file_is_covered(void)
{
    resolv_conf_names_the_farms_server("echo nameserver 192.0.2.1 >/etc/resolv.conf");
}

static void within_resolveds_file_is_covered_and_its_socket_hidden(void)
{
    resolv_conf_names_the_farms_server(
        "mkdir -p /run/systemd/resolve; : >/run/systemd/resolve/io.systemd.Resolve\n"
        "echo nameserver 127.0.0.53 >/run/systemd/resolve/stub-resolv.conf\n"
        "ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf");
}

static void within_a_link_that_leads_nowhere_gets_a_file(void)
{
    resolv_conf_names_the_farms_server("ln -s /run/resolvconf/resolv.conf /etc/resolv.conf");
    g_assert_true(geteuid() != 0 || g_file_test("/etc/resolv.conf", G_FILE_TEST_EXISTS));
}

static void a_host_without_resolv_conf_gets_none(void)
{
    resolv_conf_names_the_farms_server("true");
    g_assert_false(geteuid() == 0 && g_file_test("/etc/resolv.conf", G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/resolver/resolved asks for the farm's names and no others",
                    resolved_asks_for_the_farms_names_and_no_others);
    g_test_add_func("/resolver/a host without resolved is told nothing",
                    a_host_without_resolved_is_told_nothing);
    g_test_add_func("/resolver/a resolved that refuses is an error with its words",
                    a_resolved_that_refuses_is_an_error_with_its_words);
    g_test_add_func("/resolver/within, a file is covered", within_a_file_is_covered);
    g_test_add_func("/resolver/within, resolved's file is covered and its socket hidden",
                    within_resolveds_file_is_covered_and_its_socket_hidden);
    g_test_add_func("/resolver/within, a link that leads nowhere gets a file",
                    within_a_link_that_leads_nowhere_gets_a_file);
    g_test_add_func("/resolver/a host without resolv.conf gets none",
                    a_host_without_resolv_conf_gets_none);
    return g_test_run();
}
