// SPDX-License-Identifier: MIT
// The service of dhcp-service.h put together.
#include "hw/netboot/server/dhcp-service.h"

#include "hw/netboot/server/access-setup.h"
#include "hw/netboot/server/dhcp-setup.h"
#include "hw/netboot/server/outside.h"

#include <string.h>
#include <time.h>

enum { US = 1000000 };

struct PifDhcpService {
    PifEventLog *log;
    PifDhcpAccess access;
    PifDhcpPool *pool;
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
    service->journal = pif_dhcp_journal_open(options->leases, service->pool, time(NULL), error);
    return service->journal != NULL;
}

/* The HTTP client gives up first: its answer says more than silence. */
static PifDhcpServerConfig make_config(PifDhcpService *service, const PifServeOptions *options,
                                       const PifInterface *interface)
{
    PifDhcpServerConfig config = {.pool = service->pool,
                                  .journal = service->journal,
                                  .interface_index = interface->index,
                                  .ask = options->auth_url ? ask : NULL,
                                  .ask_timeout_us = (int64_t)(options->auth_timeout_s + 1) * US,
                                  .remember_us = (int64_t)options->auth_remember_s * US,
                                  .on_event = on_event,
                                  .on_failure = on_failure,
                                  .data = service};
    memcpy(config.mac, interface->mac, sizeof config.mac);
    return config;
}

static gboolean start(PifDhcpService *service, PifLoop *loop, const PifServeOptions *options,
                      const PifInterface *interface, GError **error)
{
    PifDhcpSockets sockets = {-1, -1};
    PifDhcpConfig decide;
    if (!pif_access_setup(options, &service->access, error) ||
        !pif_dhcp_setup(options, interface, &decide, &service->pool, error) ||
        !open_outside(service, loop, options, error) || !open_leases(service, options, error) ||
        !pif_dhcp_listen(interface->name, &sockets, error))
        return FALSE;
    PifDhcpServerConfig config = make_config(service, options, interface);
    config.decide = decide;
    config.decide.access = &service->access;
    service->server = pif_dhcp_server_new(loop, &sockets, &config, error);
    return service->server != NULL;
}

PifDhcpService *pif_dhcp_service_new(PifLoop *loop, const PifServeOptions *options,
                                     const PifInterface *interface, PifEventLog *log,
                                     GError **error)
{
    g_autoptr(PifDhcpService) service = g_new0(PifDhcpService, 1);
    service->log = log;
    return start(service, loop, options, interface, error) ? g_steal_pointer(&service) : NULL;
}

void pif_dhcp_service_free(PifDhcpService *service)
{
    if (!service)
        return;
    pif_dhcp_server_free(service->server);
    pif_outside_free(service->outside);
    pif_dhcp_journal_free(service->journal);
    pif_dhcp_pool_free(service->pool);
    pif_access_clear(&service->access);
    g_free(service);
}

const PifDhcpLease *pif_dhcp_service_find(const PifDhcpService *service, uint32_t address)
{
    return pif_dhcp_pool_find(service->pool, address);
}
