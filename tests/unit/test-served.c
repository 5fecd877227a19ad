// SPDX-License-Identifier: MIT
// What a node is served: names, sources, files shared by those who read them.
#include "hw/netboot/files/served-tree.h"
#include "tests/lib/check.h"

static const PifNodeIdentity nobody;
static const PifNodeIdentity node = {.has_mac = true,
                                     .has_serial = true,
                                     .mac = {0xb8, 0x27, 0xeb, 0x64, 0x24, 0x7d},
                                     .serial = 0x5564247d};

static void assert_names(const char *asked, const PifNodeIdentity *identity, const char *expected)
{
    PifServedNames names;
    g_autoptr(GString) all = g_string_new(NULL);
    pif_served_names_make(asked, identity, &names);
    for (unsigned i = 0; i < names.count; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? " " : "", names.names[i]);
    g_assert_cmpstr(all->str, ==, expected);
}

static void a_nodes_own_tree_comes_before_the_one_for_all(void)
{
    assert_names("bootcode.bin", &nobody, "bootcode.bin");
    assert_names("//bootcode.bin", &nobody, "bootcode.bin");
    assert_names("5564247d/start.elf", &nobody, "5564247d/start.elf start.elf");
    assert_names("bootcode.bin", &node,
                 "b8-27-eb-64-24-7d/bootcode.bin B8-27-EB-64-24-7D/bootcode.bin "
                 "5564247d/bootcode.bin 5564247D/bootcode.bin bootcode.bin");
    assert_names("5564247d/overlays/a.dtbo", &node,
                 "b8-27-eb-64-24-7d/overlays/a.dtbo B8-27-EB-64-24-7D/overlays/a.dtbo "
                 "5564247d/overlays/a.dtbo overlays/a.dtbo");
    assert_names("DC-A6-32-01-36-c2/start4.elf", &nobody,
                 "DC-A6-32-01-36-c2/start4.elf start4.elf");
    assert_names("5564247/x", &nobody, "5564247/x");
    assert_names("", &node, "");
    assert_names("5564247d/", &node, "");
    assert_names("/5564247d//etc/x", &nobody, "5564247d//etc/x etc/x");
}

/* A folder with the files of a script. */
static char *make_folder(const char *script)
{
    char *folder = g_dir_make_tmp("served-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_free(shell(folder, script));
    return folder;
}

static PifServedTree *serve(const char *folder)
{
    PifServedTree *tree = pif_served_tree_new("10.9.0.1");
    PifServedSource *source = NULL;
    ok(source = pif_served_folder_open(folder, &error));
    pif_served_tree_add(tree, source);
    return tree;
}

static void assert_served(PifServedTree *tree, const char *asked, const PifNodeIdentity *identity,
                          const char *path, const char *content)
{
    g_autofree char *found = NULL;
    PifServedFile *file = NULL;
    ok(file = pif_served_tree_get(tree, asked, identity, &found, &error));
    g_assert_cmpstr(found, ==, path);
    g_assert_cmpmem(file->bytes, file->size, content, strlen(content));
    pif_served_file_release(file);
}

static void those_who_read_the_same_file_share_it(void)
{
    g_autofree char *folder = make_folder("echo first > a; ln a b; echo first > c");
    g_autoptr(PifServedTree) tree = serve(folder);
    g_autofree char *path_a = NULL;
    g_autofree char *path_b = NULL;
    g_autofree char *path_c = NULL;
    PifServedFile *a = pif_served_tree_get(tree, "a", &nobody, &path_a, NULL);
    PifServedFile *b = pif_served_tree_get(tree, "b", &nobody, &path_b, NULL);
    PifServedFile *c = pif_served_tree_get(tree, "c", &nobody, &path_c, NULL);
    g_assert_true(a == b && a != c);
    g_free(shell(folder, "echo later > new; mv new a"));
    assert_served(tree, "a", &nobody, "a", "later\n");
    g_assert_cmpmem(b->bytes, b->size, "first\n", 6);
    pif_served_file_release(a);
    pif_served_file_release(b);
    pif_served_file_release(c);
    ok(pif_dir_remove(folder, &error));
}

static void sources_are_asked_one_after_the_other(void)
{
    g_autofree char *first = make_folder("mkdir 5564247D; echo own > 5564247D/a; echo 1 > b");
    g_autofree char *second = make_folder("echo 2 > a; echo 2 > b; echo 2 > c");
    g_autoptr(PifServedTree) tree = serve(first);
    PifServedSource *source = NULL;
    ok(source = pif_served_folder_open(second, &error));
    pif_served_tree_add(tree, source);
    assert_served(tree, "a", &node, "5564247D/a", "own\n");
    assert_served(tree, "a", &nobody, "a", "2\n");
    assert_served(tree, "b", &node, "b", "1\n");
    assert_served(tree, "c", &node, "c", "2\n");
    g_autofree char *path = NULL;
    fails(PIF_ERROR_NOT_FOUND, "d", pif_served_tree_get(tree, "d", &node, &path, &error));
    ok(pif_dir_remove(first, &error));
    ok(pif_dir_remove(second, &error));
}

#define TEST(name) g_test_add_func("/served/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_nodes_own_tree_comes_before_the_one_for_all);
    TEST(those_who_read_the_same_file_share_it);
    TEST(sources_are_asked_one_after_the_other);
    return g_test_run();
}
