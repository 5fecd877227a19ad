// SPDX-License-Identifier: MIT
// The service of dhcp-service.h put together.
#include "hw/netboot/server/dhcp-service.h"

#include "hw/netboot/server/dhcp-setup.h"
#include "hw/netboot/server/outside.h"

#include <string.h>
#include <time.h>

enum { US = 1000000 };

struct PifDhcpService {
    PifLoop *loop;
    const PifServeOptions *options;
    PifEventLog *log;
    PifDhcpSetup setup;
    PifDhcpJournal *journal;
    PifOutside *outside;
    PifDhcpServer *server;
};

static void on_event(const PifDhcpReply *reply, gpointer data)
{
    PifDhcpService *service = data;
    pif_event_log_dhcp(service->log, reply);
    pif_outside_tell(service->outside, reply);
}

static void on_notice(const PifDhcpNotice *noticed, gpointer data)
{
    PifDhcpService *service = data;
    pif_event_log_dhcp_notice(service->log, noticed);
}

static void on_failure(const GError *error, gpointer data)
{
    PifDhcpService *service = data;
    pif_event_log_write(service->log, "dhcp", "failed",
                        json_pack("{s:s}", "message", error->message));
}

static bool ask(const PifDhcpQuestion *question, gpointer data)
{
    const PifDhcpService *service = data;
    return pif_outside_ask(service->outside, question);
}

static void on_verdict(uint32_t id, const PifDhcpHearsay *hearsay, gpointer data)
{
    const PifDhcpService *service = data;
    if (service->server)
        pif_dhcp_server_hear(service->server, id, hearsay);
}

static gboolean open_outside(PifDhcpService *service, PifLoop *loop, const PifServeOptions *options,
                             GError **error)
{
    const PifOutsideConfig config = {
        .options = options, .log = service->log, .on_verdict = on_verdict, .data = service};
    service->outside = pif_outside_new(loop, &config, error);
    return service->outside != NULL;
}

static gboolean open_leases(PifDhcpService *service, const PifServeOptions *options, GError **error)
{
    if (!options->leases)
        return TRUE;
    service->journal =
        pif_dhcp_journal_open(options->leases, service->setup.pool, time(NULL), error);
    return service->journal != NULL;
}

/* The HTTP client gives up first: its answer says more than silence. */
static PifDhcpServerConfig make_config(PifDhcpService *service, const PifServeOptions *options,
                                       const PifInterface *interface)
{
    PifDhcpServerConfig config = {.decide = service->setup.config,
                                  .pool = service->setup.pool,
                                  .journal = service->journal,
                                  .interface_index = interface->index,
                                  .probes = !options->no_probe,
                                  .ask = options->auth_url ? ask : NULL,
                                  .ask_timeout_us = (int64_t)(options->auth_timeout_s + 1) * US,
                                  .remember_us = (int64_t)options->auth_remember_s * US,
                                  .on_event = on_event,
                                  .on_notice = on_notice,
                                  .on_failure = on_failure,
                                  .data = service};
    memcpy(config.mac, interface->mac, sizeof config.mac);
    return config;
}

gboolean pif_dhcp_service_move(PifDhcpService *service, const PifInterface *interface,
                               PifDhcpSockets *sockets, GError **error)
{
    const PifDhcpServerConfig config = make_config(service, service->options, interface);
    PifDhcpSockets taken = *sockets;
    *sockets = PIF_DHCP_NO_SOCKETS;
    g_clear_pointer(&service->server, pif_dhcp_server_free);
    service->server = pif_dhcp_server_new(service->loop, &taken, &config, error);
    return service->server != NULL;
}

PifDhcpService *pif_dhcp_service_new(PifLoop *loop, const PifServeOptions *options,
                                     const PifInterface *interface, PifDhcpSockets *sockets,
                                     PifEventLog *log, GError **error)
{
    g_autoptr(PifDhcpService) service = g_new0(PifDhcpService, 1);
    service->loop = loop;
    service->options = options;
    service->log = log;
    if (!pif_dhcp_setup(options, interface, &service->setup, error) ||
        !open_outside(service, loop, options, error) || !open_leases(service, options, error) ||
        !pif_dhcp_service_move(service, interface, sockets, error))
        return NULL;
    return g_steal_pointer(&service);
}

void pif_dhcp_service_free(PifDhcpService *service)
{
    if (!service)
        return;
    pif_dhcp_server_free(service->server);
    pif_outside_free(service->outside);
    pif_dhcp_journal_free(service->journal);
    pif_dhcp_setup_clear(&service->setup);
    g_free(service);
}

void pif_dhcp_service_note_progress(PifDhcpService *service, const uint8_t *mac)
{
    if (service->server)
        pif_dhcp_server_note_progress(service->server, mac);
}

const PifDhcpLease *pif_dhcp_service_find(const PifDhcpService *service, uint32_t address)
{
    return pif_dhcp_pool_find(service->setup.pool, address);
}
