// SPDX-License-Identifier: MIT
// The lists of dhcp-lists.h read, each word by the parser of its kind.
#include "hw/netboot/server/dhcp-lists.h"

#include "pifarm/base/error.h"

#include <string.h>

static gboolean fail_in(const char *option, GError **error)
{
    g_prefix_error(error, "%s: ", option);
    return FALSE;
}

static gboolean add_rules(GArray *rules, char **texts, bool is_allowed, const char *option,
                          GError **error)
{
    for (char **text = texts; text && *text; text++) {
        PifDhcpRule rule = {.is_allowed = is_allowed};
        if (!pif_dhcp_match_parse(*text, &rule.match, error))
            return fail_in(option, error);
        g_array_append_val(rules, rule);
    }
    return TRUE;
}

/* Who names some to allow means no others. */
static gboolean choose_unknown(const PifServeOptions *options, PifDhcpUnknown *ret_unknown,
                               GError **error)
{
    *ret_unknown = options->allow ? PIF_DHCP_UNKNOWN_IGNORE : PIF_DHCP_UNKNOWN_OFFER;
    return !options->unknown || pif_dhcp_unknown_parse(options->unknown, ret_unknown, error) ||
           fail_in("--unknown", error);
}

gboolean pif_dhcp_lists_read_access(const PifServeOptions *options, PifDhcpSetup *setup,
                                    GError **error)
{
    if (!add_rules(setup->rules, options->allow, true, "--allow", error) ||
        !add_rules(setup->rules, options->deny, false, "--deny", error) ||
        !choose_unknown(options, &setup->access.unknown, error))
        return FALSE;
    setup->access.rules = (const PifDhcpRule *)setup->rules->data;
    setup->access.n_rules = setup->rules->len;
    setup->config.access = &setup->access;
    return TRUE;
}

gboolean pif_dhcp_lists_read_options(const PifServeOptions *options, PifDhcpSetup *setup,
                                     GError **error)
{
    for (char **text = options->options; text && *text; text++) {
        PifDhcpOption option;
        if (!pif_dhcp_option_parse(*text, &option, error)) {
            g_prefix_error(error, "--option %s: ", *text);
            return FALSE;
        }
        g_array_append_val(setup->options, option);
    }
    setup->config.options = (const PifDhcpOption *)setup->options->data;
    setup->config.n_options = setup->options->len;
    return TRUE;
}

/* IANA's "Processor Architecture Types"; 9 is what x64 firmware says too. */
static const struct {
    const char *name;
    uint16_t arch;
} archs[] = {{"bios", 0},    {"x86-efi", 6},    {"x64-efi", 7},
             {"x64-efi", 9}, {"arm32-efi", 10}, {"arm64-efi", 11}};

/* FALSE: it is no architecture, so the whole text is a file. */
static gboolean add_boot_files(const char *arch, const char *file, GArray *files)
{
    guint64 number = 0;
    guint n_before = files->len;
    PifDhcpBootFile row = {.file = file};
    for (unsigned i = 0; i < G_N_ELEMENTS(archs); i++) {
        if (!g_str_equal(archs[i].name, arch))
            continue;
        row.arch = archs[i].arch;
        g_array_append_val(files, row);
    }
    if (g_ascii_string_to_unsigned(arch, 10, 0, UINT16_MAX, &number, NULL)) {
        row.arch = (uint16_t)number;
        g_array_append_val(files, row);
    }
    return files->len > n_before;
}

gboolean pif_dhcp_lists_read_boot_files(const PifServeOptions *options, PifDhcpSetup *setup,
                                        GError **error)
{
    for (char **text = options->boot_files; text && *text; text++) {
        const char *equals = strchr(*text, '=');
        g_autofree char *arch = equals ? g_strndup(*text, (gsize)(equals - *text)) : NULL;
        const char *file =
            equals && add_boot_files(arch, equals + 1, setup->boot_files) ? equals + 1 : *text;
        if (*file == '\0' || strlen(file) >= PIF_DHCP_FILE_SIZE)
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "--boot-file wants a name of 1 to %d bytes, not '%s'",
                                 PIF_DHCP_FILE_SIZE - 1, file);
        if (file == *text)
            setup->config.boot_file = file;
    }
    setup->config.boot_files = (const PifDhcpBootFile *)setup->boot_files->data;
    setup->config.n_boot_files = setup->boot_files->len;
    return TRUE;
}

gboolean pif_dhcp_lists_read_broadcast(const PifServeOptions *options, PifDhcpSetup *setup,
                                       GError **error)
{
    for (char **text = options->broadcast; text && *text; text++) {
        PifDhcpMatch match;
        if (!pif_dhcp_match_parse(*text, &match, error))
            return fail_in("--broadcast", error);
        g_array_append_val(setup->broadcast, match);
    }
    setup->config.broadcast = (const PifDhcpMatch *)setup->broadcast->data;
    setup->config.n_broadcast = setup->broadcast->len;
    return TRUE;
}
