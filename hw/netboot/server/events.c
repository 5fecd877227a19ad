// SPDX-License-Identifier: MIT
// Events as lines of JSON.
#include "hw/netboot/server/events.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

json_t *pif_event_text(const char *bytes)
{
    g_autofree char *text = g_utf8_make_valid(bytes, -1);
    return json_string(text);
}

json_t *pif_event_mac(const uint8_t *mac)
{
    return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                        mac[5]);
}

json_t *pif_event_address(uint32_t address)
{
    char text[INET_ADDRSTRLEN];
    const struct in_addr in = {address};
    return json_string(inet_ntop(AF_INET, &in, text, sizeof text));
}

enum { HTTP_NOT_FOUND = 404 };

static json_t *time_now(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *text = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    return json_sprintf("%s.%03dZ", text, g_date_time_get_microsecond(now) / 1000);
}

/* A pipe takes a line of up to a page as a whole or not at all. */
static gboolean write_line(const PifEventLog *log, const char *line, size_t size)
{
    struct pollfd room = {log->fd, POLLOUT, 0};
    return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) &&
           write(log->fd, line, size) == (ssize_t)size;
}

void pif_event_log_write(PifEventLog *log, const char *service, const char *event, json_t *fields)
{
    json_t *all =
        json_pack("{s:o, s:s, s:s}", "time", time_now(), "service", service, "event", event);
    json_object_update(all, fields);
    json_decref(fields);
    if (log->n_lost > 0)
        json_object_set_new(all, "lost", json_integer((json_int_t)log->n_lost));
    g_autofree char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    json_decref(all);
    if (write_line(log, line, strlen(line)))
        log->n_lost = 0;
    else
        log->n_lost++;
}

static const char *const tftp_event_names[] = {
    [PIF_TFTP_EVENT_SENT] = "sent",       [PIF_TFTP_EVENT_RECEIVED] = "received",
    [PIF_TFTP_EVENT_PROBED] = "probed",   [PIF_TFTP_EVENT_MISSING] = "missing",
    [PIF_TFTP_EVENT_REFUSED] = "refused", [PIF_TFTP_EVENT_FAILED] = "failed"};

static void add_transfer(json_t *fields, const PifTftpEvent *event)
{
    json_object_set_new(fields, "path", pif_event_text(event->path));
    json_object_set_new(fields, "size", json_integer((json_int_t)event->size));
    json_object_set_new(fields, "blksize", json_integer(event->blksize));
    json_object_set_new(fields, "windowsize", json_integer(event->windowsize));
    json_object_set_new(fields, "resent", json_integer((json_int_t)event->n_resent));
    json_object_set_new(fields, "ms", json_real((double)event->duration_us / 1000));
}

/* What is the same for all requests for files. */
static json_t *file_fields(const struct sockaddr_in *client, const PifNodeIdentity *identity,
                           const char *file)
{
    json_t *fields =
        json_pack("{s:o, s:i, s:o}", "client", pif_event_address(client->sin_addr.s_addr), "port",
                  (int)ntohs(client->sin_port), "file", pif_event_text(file));
    if (identity->has_mac)
        json_object_set_new(fields, "mac", pif_event_mac(identity->mac));
    if (identity->has_serial)
        json_object_set_new(fields, "serial", json_sprintf("%08x", identity->serial));
    return fields;
}

void pif_event_log_tftp(PifEventLog *log, const PifTftpEvent *event)
{
    json_t *fields = file_fields(&event->client, &event->identity, event->file);
    if (event->path)
        add_transfer(fields, event);
    if (event->message)
        json_object_set_new(fields, "message", pif_event_text(event->message));
    pif_event_log_write(log, "tftp", tftp_event_names[event->kind], fields);
}

static const char *http_event_name(const PifHttpEvent *event)
{
    if (!event->is_complete)
        return "failed";
    if (event->status == HTTP_NOT_FOUND)
        return "missing";
    return event->path ? "sent" : "refused";
}

void pif_event_log_http(PifEventLog *log, const PifHttpEvent *event)
{
    json_t *fields = file_fields(&event->client, &event->identity, event->file);
    json_object_set_new(fields, "method", pif_event_text(event->method));
    json_object_set_new(fields, "status", json_integer(event->status));
    json_object_set_new(fields, "ms", json_real((double)event->duration_us / 1000));
    if (event->path) {
        json_object_set_new(fields, "path", pif_event_text(event->path));
        json_object_set_new(fields, "size", json_integer((json_int_t)event->size));
    }
    if (event->message)
        json_object_set_new(fields, "message", pif_event_text(event->message));
    pif_event_log_write(log, "http", http_event_name(event), fields);
}

static const char *const dhcp_type_names[] = {
    [PIF_DHCP_DISCOVER] = "discover", [PIF_DHCP_OFFER] = "offer",  [PIF_DHCP_REQUEST] = "request",
    [PIF_DHCP_DECLINE] = "decline",   [PIF_DHCP_ACK] = "ack",      [PIF_DHCP_NAK] = "nak",
    [PIF_DHCP_RELEASE] = "release",   [PIF_DHCP_INFORM] = "inform"};

static const char *dhcp_name(uint8_t type)
{
    return type > 0 && type < G_N_ELEMENTS(dhcp_type_names) ? dhcp_type_names[type] : "other";
}

void pif_event_log_dhcp(PifEventLog *log, const PifDhcpReply *reply)
{
    uint32_t address = reply->yiaddr ? reply->yiaddr : reply->address;
    json_t *fields = json_pack("{s:o}", "mac", pif_event_mac(reply->mac));
    if (address)
        json_object_set_new(fields, "address", pif_event_address(htonl(address)));
    if (reply->has_serial)
        json_object_set_new(fields, "serial", json_sprintf("%08x", reply->serial));
    if (reply->profile->name)
        json_object_set_new(fields, "profile", json_string(reply->profile->name));
    if (*reply->hostname)
        json_object_set_new(fields, "hostname", pif_event_text(reply->hostname));
    if (reply->is_adopted)
        json_object_set_new(fields, "adopted", json_true());
    if (reply->note)
        json_object_set_new(fields, "message", json_string(reply->note));
    pif_event_log_write(log, "dhcp", dhcp_name(reply->answer ? reply->answer : reply->type),
                        fields);
}

static const struct {
    const char *event;
    const char *message;
} dhcp_notices[] = {
    [PIF_DHCP_NOTICE_CONFLICT] = {"conflict",
                                  "it has an address that was to be offered to another"},
    [PIF_DHCP_NOTICE_RIVAL] =
        {"other-server", "another DHCP server answers on this network: boot ROMs may take its "
                         "answer for ours; end it, or run this one with --dhcp proxy"},
    [PIF_DHCP_NOTICE_KEEPS_ASKING] = {"keeps-asking",
                                      "it is offered an address again and again and does nothing "
                                      "with it: does our answer reach it (spanning tree without "
                                      "PortFast, VLAN), and does it reach the TFTP server?"}};

void pif_event_log_dhcp_notice(PifEventLog *log, const PifDhcpNotice *notice)
{
    json_t *fields = json_pack("{s:o}", "address", pif_event_address(htonl(notice->address)));
    if (notice->kind != PIF_DHCP_NOTICE_RIVAL)
        json_object_set_new(fields, "mac", pif_event_mac(notice->mac));
    json_object_set_new(fields, "message", json_string(dhcp_notices[notice->kind].message));
    pif_event_log_write(log, "dhcp", dhcp_notices[notice->kind].event, fields);
}
