// SPDX-License-Identifier: MIT
// Raspberry Pi Imager's list: what is read of it, what is refused, and which entry a name means.
#include "images/fetch/os-list-pick.h"
#include "tests/lib/check.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char base[] = "https://example.org/lists/os_list.json";

/* As version 4 is, with an action of Imager's own, groups in groups, and another list. */
static const char sample[] =
    "{\"imager\": {\"latest_version\": \"1.9\", \"devices\": ["
    " {\"name\": \"Pi 5\", \"tags\": [\"pi5-64bit\"]},"
    " {\"name\": \"Pi 3\", \"tags\": [\"pi3-64bit\", \"pi3-32bit\"]}]},"
    "\"os_list\": ["
    " {\"name\": \"Raspberry Pi OS (64-bit)\", \"description\": \"with desktop\","
    "  \"url\": \"https://example.org/2024-11-19-raspios-bookworm-arm64.img.xz\","
    "  \"extract_size\": 6144655360, \"extract_sha256\": \"" HASH "\","
    "  \"image_download_size\": 1236412488, \"image_download_sha256\": \"" HASH "\","
    "  \"release_date\": \"2024-11-19\", \"devices\": [\"pi5-64bit\", \"pi3-64bit\"]},"
    " {\"name\": \"Raspberry Pi OS (other)\", \"devices\": [\"pi3-64bit\"], \"subitems\": ["
    "  {\"name\": \"Raspberry Pi OS Lite (64-bit)\","
    "   \"url\": \"2024-11-19-raspios-bookworm-arm64-lite.img.xz\"},"
    "  {\"name\": \"Raspberry Pi OS (Legacy) Full\", \"devices\": [\"pi3-32bit\"],"
    "   \"url\": \"https://example.org/raspios-bullseye-armhf-full.img.xz\"},"
    "  {\"name\": \"Old ones\", \"subitems\": ["
    "   {\"name\": \"Deep\", \"url\": \"http://example.org/deep.zip\"}]}]},"
    " {\"name\": \"Media player\", \"subitems_url\": \"media.json\"},"
    " {\"name\": \"For anything\", \"url\": \"https://example.org/any.img\"},"
    " {\"name\": \"Erase\", \"url\": \"internal://format\"},"
    " {\"name\": \"Passwords\", \"url\": \"file:///etc/passwd\"}]}";

static PifOsList *parse(const char *text)
{
    PifOsList *list = pif_os_list_new();
    ok(pif_os_list_parse(list, text, strlen(text), base, "", &error));
    return list;
}

/* All that is known of a list, one line an entry. */
static char *describe(const PifOsList *list)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < list->entries->len; i++) {
        const PifOsEntry *entry = g_ptr_array_index(list->entries, i);
        g_autofree char *devices =
            entry->devices ? g_strjoinv(",", entry->devices) : g_strdup("any");
        g_string_append_printf(
            text, "%s|%s|%s|%s|%s|%s|%" G_GUINT64_FORMAT "|%d|%" G_GUINT64_FORMAT "|%d\n",
            entry->group, entry->slug, entry->stem, entry->url,
            entry->release_date ? entry->release_date : "", devices, entry->download_size,
            g_strcmp0(entry->download_sha256, HASH) == 0, entry->disk_size,
            g_strcmp0(entry->disk_sha256, HASH) == 0);
    }
    for (guint i = 0; i < list->links->len; i++) {
        const PifOsLink *link = g_ptr_array_index(list->links, i);
        g_string_append_printf(text, "-> %s|%s\n", link->group, link->url);
    }
    return g_string_free(text, FALSE);
}

static void all_that_can_be_fetched_is_in_the_list(void)
{
    g_autoptr(PifOsList) list = parse(sample);
    g_autofree char *text = describe(list);
    g_assert_cmpstr(
        text, ==,
        "|raspberry-pi-os-64-bit|2024-11-19-raspios-bookworm-arm64|https://example.org/"
        "2024-11-19-raspios-bookworm-arm64.img.xz|2024-11-19|pi5-64bit,pi3-64bit|1236412488|1|"
        "6144655360|1\n"
        "Raspberry Pi OS (other)|raspberry-pi-os-lite-64-bit|"
        "2024-11-19-raspios-bookworm-arm64-lite|https://example.org/lists/"
        "2024-11-19-raspios-bookworm-arm64-lite.img.xz||pi3-64bit|0|0|0|0\n"
        "Raspberry Pi OS (other)|raspberry-pi-os-legacy-full|raspios-bullseye-armhf-full|"
        "https://example.org/raspios-bullseye-armhf-full.img.xz||pi3-32bit|0|0|0|0\n"
        "Raspberry Pi OS (other) / Old ones|deep|deep|http://example.org/deep.zip||pi3-64bit|0|0|"
        "0|0\n"
        "|for-anything|any|https://example.org/any.img||any|0|0|0|0\n"
        "-> Media player|https://example.org/lists/media.json\n");
}

static const struct {
    const char *text;
    const char *says;
} bad_lists[] = {
    {"", "it is no JSON: line 1"},
    {"<html>", "it is no JSON: line 1, column 1"},
    {"{\"os_list\": [}", "it is no JSON"},
    {"[]", "it has no 'os_list'"},
    {"{}", "it has no 'os_list'"},
    {"{\"os_list\": {}}", "is no array"},
    {"{\"os_list\": [1]}", "an entry is no object"},
    {"{\"os_list\": [{\"name\": \"A\", \"subitems\": 1}]}", "is no array"},
    {"{\"os_list\": [{\"name\": \"A\", \"subitems_url\": \"file:///etc/passwd\"}]}",
     "'file:///etc/passwd' is no http or https URL"},
    {"{\"os_list\": [{\"name\": \"A\", \"url\": \"a.img\", \"extract_sha256\": \"abc\"}]}",
     "its entry 'A' has a checksum that is no SHA-256"},
};

static void what_is_no_list_is_refused_with_the_reason(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad_lists); i++) {
        g_autoptr(PifOsList) list = pif_os_list_new();
        const char *text = bad_lists[i].text;
        g_test_message("%s", text);
        fails(PIF_ERROR_PROTOCOL, bad_lists[i].says,
              pif_os_list_parse(list, text, strlen(text), base, "", &error));
    }
}

static char *repeat(const char *head, const char *item, guint count, const char *tail)
{
    GString *text = g_string_new(head);
    for (guint i = 0; i < count; i++)
        g_string_append(text, item);
    g_string_append(text, tail);
    return g_string_free(text, FALSE);
}

static void a_list_has_bounds(void)
{
    g_autofree char *many =
        repeat("{\"os_list\": [", "{\"name\": \"A\", \"url\": \"a.img\"},", 5000, "{}]}");
    g_autofree char *links =
        repeat("{\"os_list\": [", "{\"name\": \"A\", \"subitems_url\": \"a\"},", 300, "{}]}");
    g_autofree char *deep = repeat("{\"os_list\": [", "{\"name\": \"A\", \"subitems\": [", 20, "");
    g_autofree char *closed = repeat(deep, "]}", 20, "]}");
    g_autoptr(PifOsList) list = pif_os_list_new();
    fails(PIF_ERROR_PROTOCOL, "more than 4096 entries",
          pif_os_list_parse(list, many, strlen(many), base, "", &error));
    fails(PIF_ERROR_PROTOCOL, "more than 256 other lists",
          pif_os_list_parse(list, links, strlen(links), base, "", &error));
    fails(PIF_ERROR_PROTOCOL, "groups more than 8 deep",
          pif_os_list_parse(list, closed, strlen(closed), base, "", &error));
}

static void a_device_has_its_own_entries(void)
{
    static const struct {
        const char *device;
        guint count;
    } cases[] = {{"pi3-64bit", 4}, {"pi3-32bit", 2}, {"pi5-64bit", 2}, {"pi1", 1}, {"any", 5}};
    g_autoptr(PifOsList) list = parse(sample);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) entries = NULL;
        ok(pif_os_list_filter(list, cases[i].device, &entries, &error));
        g_assert_cmpuint(entries->len, ==, cases[i].count);
    }
}

static void a_device_without_entries_is_met_with_those_that_have_some(void)
{
    GPtrArray *entries = NULL;
    g_autoptr(PifOsList) list =
        parse("{\"imager\": {\"devices\": [{\"tags\": [\"pi4\", \"pi5\"]}, {\"tags\": [\"pi4\"]}]},"
              "\"os_list\": [{\"name\": \"A\", \"url\": \"a.img\", \"devices\": [\"pi5\"]}]}");
    fails(PIF_ERROR_NOT_FOUND, "nothing for the device 'pi3-64bit'; --device may be: pi4, pi5, any",
          pif_os_list_filter(list, "pi3-64bit", &entries, &error));
}

static const struct {
    const char *name;
    const char *slug; /* or what the error says */
    int code;
} picks[] = {
    {"raspberry-pi-os-lite-64-bit", "raspberry-pi-os-lite-64-bit", 0},
    {"Raspberry Pi OS Lite (64-bit)", "raspberry-pi-os-lite-64-bit", 0},
    {"raspios-lite", "raspberry-pi-os-lite-64-bit", 0},
    {"lite", "raspberry-pi-os-lite-64-bit", 0},
    {"lit", "raspberry-pi-os-lite-64-bit", 0},
    {"2024-11-19-raspios-bookworm-arm64", "raspberry-pi-os-64-bit", 0},
    {"deep", "deep", 0},
    {"raspios-bookworm", "may be: raspberry-pi-os-64-bit, raspberry-pi-os-lite-64-bit;",
     PIF_ERROR_USAGE},
    {"raspbery-pi-os-64-bit", "did you mean 'raspberry-pi-os-64-bit'?", PIF_ERROR_NOT_FOUND},
    {"ubuntu", "no 'ubuntu' for this device; --list", PIF_ERROR_NOT_FOUND},
    {"full", "no 'full' for this device", PIF_ERROR_NOT_FOUND},
    {"", "no '' for this device", PIF_ERROR_NOT_FOUND},
    {"--", "no '--'", PIF_ERROR_NOT_FOUND},
};

static void a_name_means_one_entry_or_none(void)
{
    g_autoptr(PifOsList) list = parse(sample);
    g_autoptr(GPtrArray) entries = NULL;
    ok(pif_os_list_filter(list, "pi3-64bit", &entries, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(picks); i++) {
        const PifOsEntry *entry = NULL;
        g_test_message("%s", picks[i].name);
        if (picks[i].code) {
            fails((int)picks[i].code, picks[i].slug,
                  pif_os_list_pick(entries, picks[i].name, &entry, &error));
            continue;
        }
        ok(pif_os_list_pick(entries, picks[i].name, &entry, &error));
        g_assert_cmpstr(entry->slug, ==, picks[i].slug);
    }
}

static void entries_of_one_name_are_told_apart_by_their_files(void)
{
    const PifOsEntry *entry = NULL;
    g_autoptr(PifOsList) list = parse("{\"os_list\": [{\"name\": \"A\", \"url\": \"a-1.img\"},"
                                      "{\"name\": \"A\", \"url\": \"a-2.img\"}]}");
    fails(PIF_ERROR_USAGE, "'a' may be: a-1, a-2;",
          pif_os_list_pick(list->entries, "a", &entry, &error));
    ok(pif_os_list_pick(list->entries, "a-2", &entry, &error));
    g_assert_cmpstr(entry->stem, ==, "a-2");
}

#define TEST(name) g_test_add_func("/os-list/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(all_that_can_be_fetched_is_in_the_list);
    TEST(what_is_no_list_is_refused_with_the_reason);
    TEST(a_list_has_bounds);
    TEST(a_device_has_its_own_entries);
    TEST(a_device_without_entries_is_met_with_those_that_have_some);
    TEST(a_name_means_one_entry_or_none);
    TEST(entries_of_one_name_are_told_apart_by_their_files);
    return g_test_run();
}
