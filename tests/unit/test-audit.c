// SPDX-License-Identifier: MIT
// What an audit finds in what cards say, and how SSH keys are told apart.
#include "images/card/identity.h"
#include "images/card/trait.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/model/audit.h"
#include "pifarm/model/node-env.h"

#include <string.h>

static const char farm_text[] = "farm: lab\n"
                                "lan: { subnet: 10.77.0.0/24 }\n"
                                "images: { pi: }\n"
                                "nodes:\n"
                                "- { name: 'n[1-3]', id: 1, image: pi }\n";

typedef struct {
    PifFarm *farm;
    GPtrArray *nodes;
    GPtrArray *images;
} Fixture;

static void subject_free(gpointer data)
{
    PifAuditSubject *subject = data;
    g_ptr_array_unref(subject->traits);
    g_free(subject);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    fixture->farm = pif_farm_parse("farm.yaml", farm_text, strlen(farm_text), &error);
    g_assert_no_error(error);
    fixture->nodes = g_ptr_array_new_with_free_func(subject_free);
    fixture->images = g_ptr_array_new_with_free_func(subject_free);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    pif_farm_free(fixture->farm);
    g_ptr_array_unref(fixture->nodes);
    g_ptr_array_unref(fixture->images);
}

static PifAuditSubject *add(GPtrArray *subjects, const char *name)
{
    PifAuditSubject *subject = g_new0(PifAuditSubject, 1);
    subject->name = name;
    subject->traits = g_ptr_array_new_with_free_func((GDestroyNotify)pif_trait_free);
    g_ptr_array_add(subjects, subject);
    return subject;
}

static void say(PifAuditSubject *subject, const char *what, const char *value, const char *path)
{
    PifTrait *trait = g_new0(PifTrait, 1);
    trait->what = what;
    trait->value = g_strdup(value);
    trait->path = g_strdup(path);
    g_ptr_array_add(subject->traits, trait);
}

/* "problem|what|value|names", one a line. */
static char *audit(const Fixture *fixture)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) findings =
        pif_audit_compare(fixture->farm, fixture->nodes, fixture->images);
    for (guint i = 0; i < findings->len; i++) {
        const PifAuditFinding *finding = g_ptr_array_index(findings, i);
        g_autofree char *names = g_strjoinv(" ", finding->names);
        g_string_append_printf(text, "%s|%s|%s|%s\n", finding->problem, finding->what,
                               finding->value, names);
    }
    return g_string_free(text, FALSE);
}

static void finds(const Fixture *fixture, const char *expected)
{
    g_autofree char *found = audit(fixture);
    g_assert_cmpstr(found, ==, expected);
}

static void nodes_that_differ_are_no_finding(Fixture *fixture, gconstpointer data)
{
    PifAuditSubject *n1 = add(fixture->nodes, "n1");
    PifAuditSubject *n2 = add(fixture->nodes, "n2");
    say(n1, "host name", "n1", "/etc/hostname");
    say(n2, "host name", "n2", "/etc/hostname");
    say(n1, "machine-id", "a", "/etc/machine-id");
    say(n1, "machine-id", "a", "/var/lib/dbus/machine-id");
    say(n1, "node", "n1", "/etc/pifarm/node.env");
    say(n1, "address", "10.77.0.11", "/etc/pifarm/node.env");
    say(n1, "address", "192.168.4.1", "/etc/network/interfaces");
    say(n2, "address", "192.168.4.1", "/etc/network/interfaces");
    finds(fixture, "");
}

static void what_is_shared_is_found_with_all_who_share_it(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        PifAuditSubject *node = add(fixture->nodes, names[i]);
        say(node, "random seed", "sha256:1", "/var/lib/systemd/random-seed");
        say(node, "host name", i ? "twin" : "n1", "/etc/hostname");
        say(node, "MAC", i ? "b8:27:EB:00:00:01" : "b8:27:eb:00:00:01", "/etc/network/interfaces");
    }
    finds(fixture, "shared|MAC|b8:27:eb:00:00:01|n1 n2 n3\n"
                   "shared|host name|twin|n2 n3\n"
                   "shared|random seed|sha256:1|n1 n2 n3\n");
}

static void another_node_s_address_is_shared_even_if_that_has_no_card(Fixture *fixture,
                                                                      gconstpointer data)
{
    say(add(fixture->nodes, "n1"), "address", "10.77.0.12", "/etc/systemd/network/lan.network");
    finds(fixture, "shared|address|10.77.0.12|n2 n1\n");
}

static void a_card_older_than_farm_yaml_is_found(Fixture *fixture, gconstpointer data)
{
    PifAuditSubject *n1 = add(fixture->nodes, "n1");
    say(n1, "address", "10.77.0.99", "/etc/pifarm/node.env");
    say(n1, "node ID", "1", "/etc/pifarm/node.env");
    finds(fixture, "unlike farm.yaml|address|10.77.0.99|n1\n");
}

static void a_host_key_that_is_not_in_known_hosts_is_found(Fixture *fixture, gconstpointer data)
{
    g_autofree char *key = NULL, *key_public = NULL, *other = NULL, *other_public = NULL;
    g_assert_true(pif_identity_make_host_key("n1", &key, &key_public, NULL));
    g_assert_true(pif_identity_make_host_key("n1", &other, &other_public, NULL));
    g_autofree char *value = pif_trait_ssh_private_key(key, strlen(key));
    g_autofree char *other_value = pif_trait_ssh_private_key(other, strlen(other));
    g_autofree char *expected = g_strdup_printf("unlike known_hosts|SSH host key|none|n3\n"
                                                "unlike known_hosts|SSH host key|%s|n2\n",
                                                other_value);
    PifAuditSubject *n1 = add(fixture->nodes, "n1");
    PifAuditSubject *n2 = add(fixture->nodes, "n2");
    add(fixture->nodes, "n3")->public_key = other_public;
    n1->public_key = key_public;
    n2->public_key = key_public;
    say(n1, "SSH host key", "ssh-rsa SHA256:another", "/etc/ssh/ssh_host_rsa_key");
    say(n1, "SSH host key", value, "/etc/ssh/ssh_host_ed25519_key");
    say(n2, "SSH host key", other_value, "/etc/ssh/ssh_host_ed25519_key");
    finds(fixture, expected);
}

static void an_image_must_have_no_machine_id(Fixture *fixture, gconstpointer data)
{
    PifAuditSubject *pi = add(fixture->images, "pi");
    say(pi, "host name", "raspberrypi", "/etc/hostname");
    say(pi, "machine-id", "0123456789abcdef0123456789abcdef", "/etc/machine-id");
    finds(fixture, "in the image|machine-id|0123456789abcdef0123456789abcdef|pi\n");
}

/* As ssh-keygen prints it; of the private key the same as of the public one. */
static void a_fingerprint_is_ssh_keygen_s(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("pifarm-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "key", NULL);
    for (int i = 0; i < 3; i++) {
        static const char *const types[] = {"ed25519", "rsa", "ecdsa"};
        g_autofree char *text = NULL, *text_public = NULL, *printed = NULL;
        g_autofree char *path_public = g_strconcat(path, ".pub", NULL);
        gsize size = 0;
        unlink(path);
        g_autoptr(PifCommand) make =
            pif_command_new("ssh-keygen", "-q", "-N", "", "-t", types[i], "-f", path, NULL);
        g_autoptr(PifCommand) print = pif_command_new("ssh-keygen", "-lf", path, NULL);
        pif_command_run(make, NULL, &error);
        g_assert_no_error(error);
        pif_command_run(print, &printed, &error);
        g_assert_no_error(error);
        pif_file_read(path, 65536, &text, &size, NULL);
        pif_file_read(path_public, 65536, &text_public, NULL, NULL);
        g_autofree char *of_private = pif_trait_ssh_private_key(text, size);
        g_autofree char *of_public = pif_trait_ssh_public_key(text_public);
        g_assert_cmpstr(of_private, ==, of_public);
        g_assert_nonnull(strstr(printed, strchr(of_private, ' ') + 1));
    }
    g_assert_true(pif_dir_remove(folder, &error));
}

static void what_is_no_key_has_a_hash_or_nothing(Fixture *fixture, gconstpointer data)
{
    static const char pem[] = "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n";
    static const char cut[] = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk";
    g_autofree char *of_pem = pif_trait_ssh_private_key(pem, strlen(pem));
    g_autofree char *of_cut = pif_trait_ssh_private_key(cut, strlen(cut));
    g_assert_true(g_str_has_prefix(of_pem, "sha256:"));
    g_assert_true(g_str_has_prefix(of_cut, "sha256:"));
    g_assert_null(pif_trait_ssh_public_key("ssh-ed25519"));
    g_assert_null(pif_trait_ssh_public_key("ssh-ed25519 AAAA"));
    g_assert_null(pif_trait_ssh_public_key("ssh-ed25519 ////////"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add("/audit/" #name, Fixture, NULL, set_up, name, tear_down)
    TEST(nodes_that_differ_are_no_finding);
    TEST(what_is_shared_is_found_with_all_who_share_it);
    TEST(another_node_s_address_is_shared_even_if_that_has_no_card);
    TEST(a_card_older_than_farm_yaml_is_found);
    TEST(a_host_key_that_is_not_in_known_hosts_is_found);
    TEST(an_image_must_have_no_machine_id);
    TEST(a_fingerprint_is_ssh_keygen_s);
    TEST(what_is_no_key_has_a_hash_or_nothing);
    return g_test_run();
}
