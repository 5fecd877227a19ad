// SPDX-License-Identifier: MIT
// The options of the netboot server as a table.
#include "hw/netboot/server/serve-options.h"

#include "pifarm/base/error.h"

#include <stdint.h>

enum {
    LEASE_TIME_S = 3600,
    LEAST_LEASE_TIME_S = 60,
    AUTH_TIMEOUT_S = 5,
    AUTH_REMEMBER_S = 60,
    MOST_AUTH_S = 3600,
    TFTP_PORT = 69,
    HTTP_PORT = 80,
    HTTP_TIMEOUT_S = 30,
    MAX_TRANSFERS = 4096,
    MOST_TRANSFERS = 60000
};

static PifServeOptions options = {.lease_time_s = LEASE_TIME_S,
                                  .auth_paths = (char *)"pxe,dhcp",
                                  .auth_timeout_s = AUTH_TIMEOUT_S,
                                  .auth_remember_s = AUTH_REMEMBER_S,
                                  .tftp_port = TFTP_PORT,
                                  .http_port = HTTP_PORT,
                                  .http_timeout_s = HTTP_TIMEOUT_S,
                                  .max_transfers = MAX_TRANSFERS};

const char pif_serve_description[] =
    "Serves what Raspberry Pis and others boot from, until it is interrupted. ROOT is a folder, "
    "or a\n"
    "raw or qcow2 disk with a FAT partition. A file is looked for in ROOT/MAC (b8-27-eb-12-34-56), "
    "in\n"
    "ROOT/SERIAL (0c36778e), then in ROOT. Once its ports are open the server runs as another "
    "user,\n"
    "who must be able to read the files, and sees only the first folder.\n"
    "\n"
    "With -p, -t or -H nothing but what they say is served; without, TFTP if there is --root and "
    "DHCP\nif there is --dhcp.\n"
    "\n"
    "--dhcp static: addresses for --host only; proxy: from another server, boot options from us.\n"
    "\n"
    "What it does, it prints as lines of JSON.\n"
    "\n"
    "  pifarm netboot serve -i eth1 -r /srv/tftp --dhcp 10.77.0.100-10.77.0.199";

const char pif_serve_file_description[] =
    "ID is a MAC or a serial. GLOB is compared with names without MAC or serial in front; the "
    "first\n"
    "that matches counts. In PATH, TEXT and FILE {filename}, {mac}, {serial}, {node} and {server}\n"
    "stand for what is known of who asks; where something is not known, the next GLOB is tried.\n"
    "\n"
    "  pifarm netboot serve -i eth1 -r /srv/tftp --node 0c36778e=/srv/n1.qcow2 \\\n"
    "      --text 'cmdline.txt=ip=dhcp root=/dev/nbd0 nbdroot={server},{serial}'";

const char pif_serve_dhcp_description[] =
    "--host, --boot-file, --option, --broadcast, --allow, --deny and --notify may be repeated.\n"
    "--host id:IDENTIFIER=IP goes by option 61, --host port:CIRCUIT[@REMOTE]=IP by the port of a "
    "switch or relay (option 82). --boot-file ARCH=FILE is for bios, x86-efi, x64-efi, arm32-efi, "
    "arm64-efi or a number. --option 42=10.77.0.1 is ntp-server=10.77.0.1; WHO,NAME=VALUE is for "
    "some, force:NAME sends it unasked, 0x0a4d are bytes.\n"
    "\n"
    "WHO is a MAC, the beginning of MACs (b8:27:eb), MACs of which so many bits count\n"
    "(b8:27:eb:40:00:00/26) or a UUID, with /BITS too. What describes a client most closely "
    "decides.\n"
    "Of those nobody speaks of, --unknown offer serves all (default), ignore none (default with\n"
    "--allow), adopt all, and Pis among them keep their addresses for good.\n"
    "\n"
    "--auth-url asks GET URL/pxe?mac=...&uuid=...&ip=... for boot ROMs and URL/dhcp?... for "
    "systems.\n"
    "200 is yes, and its body may say 'client: NAME' and 'file: PATH' to boot; 401 is no.\n"
    "--notify sends 'BOOT|LEASE|RELEASE,[UUID,]MAC,IP' to a UDP port, or JSON to a URL by POST.";

const GOptionEntry *pif_serve_option_entries(void)
{
    static const GOptionEntry entries[] = {
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &options.interface,
         "serve those who ask there (default: everywhere)", "IF"},
        {"root", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.roots,
         "a folder or disk with files; may be repeated", "ROOT"},
        {"dhcp", 'd', 0, G_OPTION_ARG_STRING, &options.dhcp,
         "give addresses: FIRST-LAST, static or proxy", "RANGE"},
        {"host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hosts,
         "an address (and name) of its own for a MAC", "MAC=IP[,NAME]"},
        {"leases", 0, 0, G_OPTION_ARG_FILENAME, &options.leases, "keep leases there over restarts",
         "FILE"},
        {"tftp", 't', 0, G_OPTION_ARG_NONE, &options.only_tftp, "serve TFTP", NULL},
        {"http", 'H', 0, G_OPTION_ARG_NONE, &options.only_http, "serve HTTP", NULL},
        {"pxe", 'p', 0, G_OPTION_ARG_NONE, &options.only_dhcp, "serve DHCP", NULL},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &options.user, "run as USER (nobody)", "USER"},
        G_OPTION_ENTRY_NULL};
    return entries;
}

const GOptionEntry *pif_serve_dhcp_option_entries(void)
{
    static const GOptionEntry entries[] = {
        {"router", 0, 0, G_OPTION_ARG_STRING, &options.router, "clients' way out", "IP"},
        {"dns", 0, 0, G_OPTION_ARG_STRING, &options.dns, "clients' name server", "IP"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &options.domain, "clients' domain", "NAME"},
        {"boot-file", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.boot_files,
         "what PXE clients other than Pis boot", "FILE"},
        {"option", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.options,
         "any option, by name or number", "NAME=VALUE"},
        {"broadcast", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.broadcast,
         "they hear 255.255.255.255 only", "WHO"},
        {"no-probe", 0, 0, G_OPTION_ARG_NONE, &options.no_probe,
         "offer addresses without asking who has them", NULL},
        {"allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.allow, "serve these", "WHO"},
        {"deny", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.deny, "don't serve these", "WHO"},
        {"unknown", 0, 0, G_OPTION_ARG_STRING, &options.unknown,
         "the others: ignore, offer or adopt", "WHAT"},
        {"auth-url", 0, 0, G_OPTION_ARG_STRING, &options.auth_url, "ask there whether a client may",
         "URL"},
        {"auth-paths", 0, 0, G_OPTION_ARG_STRING, &options.auth_paths,
         "behind it, for boot ROMs and systems (pxe,dhcp)", "PATHS"},
        {"auth-timeout", 0, 0, G_OPTION_ARG_INT, &options.auth_timeout_s,
         "seconds until no answer is a no (5)", "S"},
        {"auth-remember", 0, 0, G_OPTION_ARG_INT, &options.auth_remember_s,
         "seconds that an answer holds; 0: ask each time (60)", "S"},
        {"notify", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.notify, "tell of boots and leases",
         "IP:PORT|URL"},
        {"lease-time", 0, 0, G_OPTION_ARG_INT, &options.lease_time_s, "in seconds (3600)", "S"},
        G_OPTION_ENTRY_NULL};
    return entries;
}

const GOptionEntry *pif_serve_file_option_entries(void)
{
    static const GOptionEntry entries[] = {
        {"node", 'n', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.nodes,
         "a root for one node alone; repeatable", "ID=ROOT"},
        {"map", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &options.maps,
         "serve PATH for names that match; repeatable", "GLOB=PATH"},
        {"text", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.texts,
         "serve a text for names that match; repeatable", "GLOB=TEXT"},
        {"template", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.templates,
         "the same with the text in a file", "GLOB=FILE"},
        {"upload", 0, 0, G_OPTION_ARG_FILENAME, &options.upload,
         "nodes may write over TFTP into DIR/MAC or DIR/SERIAL", "DIR"},
        {"upload-max", 0, 0, G_OPTION_ARG_STRING, &options.upload_max,
         "files of at most that size (64MiB)", "SIZE"},
        {"upload-replace", 0, 0, G_OPTION_ARG_NONE, &options.may_upload_replace,
         "also files that are there already", NULL},
        {"tftp-port", 0, 0, G_OPTION_ARG_INT, &options.tftp_port, "listen there (69)", "PORT"},
        {"http-port", 0, 0, G_OPTION_ARG_INT, &options.http_port, "listen there (80)", "PORT"},
        {"http-timeout", 0, 0, G_OPTION_ARG_INT, &options.http_timeout_s,
         "end connections that are too slow (30)", "S"},
        {"http-for-leases", 0, 0, G_OPTION_ARG_NONE, &options.is_http_for_leases_only,
         "HTTP only for clients with an address from here", NULL},
        {"max-transfers", 0, 0, G_OPTION_ARG_INT, &options.max_transfers,
         "how many files may be on their way at once (4096)", "COUNT"},
        {"rollover-to-1", 0, 0, G_OPTION_ARG_NONE, &options.rollover_to_1,
         "after block 65535 comes block 1 instead of 0", NULL},
        G_OPTION_ENTRY_NULL};
    return entries;
}

PifServeOptions *pif_serve_options_get(void)
{
    return &options;
}

static gboolean is_choosy(const PifServeOptions *given)
{
    return given->only_dhcp || given->only_tftp || given->only_http;
}

gboolean pif_serve_options_has_files(const PifServeOptions *given)
{
    return given->roots || given->nodes || given->texts || given->templates;
}

gboolean pif_serve_options_has_dhcp(const PifServeOptions *given)
{
    return given->dhcp && (given->only_dhcp || !is_choosy(given));
}

gboolean pif_serve_options_has_tftp(const PifServeOptions *given)
{
    return pif_serve_options_has_files(given) && (given->only_tftp || !is_choosy(given));
}

gboolean pif_serve_options_has_http(const PifServeOptions *given)
{
    return pif_serve_options_has_files(given) && given->only_http;
}

static gboolean check_services(const PifServeOptions *given, GError **error)
{
    if (!pif_serve_options_has_files(given) && !given->dhcp)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "nothing to serve: name a folder with --root DIR, or addresses with "
                             "--dhcp FIRST-LAST");
    if (given->only_dhcp && !given->dhcp)
        return pif_error_set(error, PIF_ERROR_USAGE, "--pxe wants --dhcp FIRST-LAST too");
    if ((given->only_tftp || given->only_http) && !pif_serve_options_has_files(given))
        return pif_error_set(error, PIF_ERROR_USAGE, "--%s wants --root DIR too",
                             given->only_tftp ? "tftp" : "http");
    if (pif_serve_options_has_dhcp(given) && !given->interface)
        return pif_error_set(error, PIF_ERROR_USAGE, "--dhcp wants --interface IF too");
    if (given->is_http_for_leases_only && !pif_serve_options_has_dhcp(given))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--http-for-leases wants leases from here: --dhcp FIRST-LAST");
    return TRUE;
}

static gboolean check_port(const char *option, int port, GError **error)
{
    if (port >= 0 && port <= UINT16_MAX)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "%s wants 1 to 65535, not %d", option, port);
}

gboolean pif_serve_options_check(const PifServeOptions *given, GError **error)
{
    if (!check_services(given, error) || !check_port("--tftp-port", given->tftp_port, error) ||
        !check_port("--http-port", given->http_port, error))
        return FALSE;
    if (given->lease_time_s < LEAST_LEASE_TIME_S)
        return pif_error_set(error, PIF_ERROR_USAGE, "--lease-time wants %d or more, not %d",
                             LEAST_LEASE_TIME_S, given->lease_time_s);
    if (given->http_timeout_s < 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "--http-timeout wants 1 or more, not %d",
                             given->http_timeout_s);
    if (given->auth_timeout_s < 1 || given->auth_timeout_s > MOST_AUTH_S)
        return pif_error_set(error, PIF_ERROR_USAGE, "--auth-timeout wants 1 to %d, not %d",
                             MOST_AUTH_S, given->auth_timeout_s);
    if (given->auth_remember_s < 0 || given->auth_remember_s > MOST_AUTH_S)
        return pif_error_set(error, PIF_ERROR_USAGE, "--auth-remember wants 0 to %d, not %d",
                             MOST_AUTH_S, given->auth_remember_s);
    if (given->max_transfers < 1 || given->max_transfers > MOST_TRANSFERS)
        return pif_error_set(error, PIF_ERROR_USAGE, "--max-transfers wants 1 to %d, not %d",
                             MOST_TRANSFERS, given->max_transfers);
    return TRUE;
}
