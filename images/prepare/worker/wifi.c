// SPDX-License-Identifier: MIT
// The step that joins a wireless network, in the words of whichever program the system has for it.
#include "images/card/command-line.h"
#include "images/prepare/settings.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"

#include <string.h>

static const char *const managers[] = {"/usr/sbin/NetworkManager", "/sbin/NetworkManager", NULL};
static const char *const supplicants[] = {"/usr/sbin/wpa_supplicant", "/sbin/wpa_supplicant", NULL};
/* Its hook runs wpa_supplicant with the one file for all interfaces. */
static const char *const dhcpcds[] = {"/usr/sbin/dhcpcd", "/sbin/dhcpcd", NULL};

/* Raspberry Pi OS keeps radio and manager off until somebody says where it is. */
static gboolean switch_radio_on(const PifGuest *guest, GError **error)
{
    static const char state_path[] = "/var/lib/NetworkManager/NetworkManager.state";
    g_autofree char *state = NULL;
    if (!pif_guest_remove(guest, "/var/lib/systemd/rfkill/*:wlan", error) ||
        !pif_guest_read(guest, state_path, &state, error))
        return FALSE;
    if (!state || !strstr(state, "WirelessEnabled=false"))
        return TRUE;
    g_autofree char *edited = pif_settings_set(state, "WirelessEnabled", "true");
    return pif_guest_write(guest, state_path, edited, error);
}

/* cfg80211 takes the country from the kernel's command line, whatever runs above it. */
static gboolean set_country(const PifGuest *guest, const char *country, GError **error)
{
    g_autofree char *before = NULL;
    g_autofree char *path =
        g_build_filename(guest->boot ? guest->boot : "/boot", "cmdline.txt", NULL);
    if (!country || !pif_guest_read(guest, path, &before, error) || !before)
        return country == NULL || before == NULL;
    g_autofree char *after = pif_command_line_set(before, "cfg80211.ieee80211_regdom", country);
    return pif_guest_write(guest, path, after, error);
}

/* One service an interface, as Debian's package has it, and systemd-networkd for the address. */
static gboolean enable_supplicant(const PifGuest *guest, GError **error)
{
    static const char network[] = "[Match]\nName=wlan0\n\n[Network]\nDHCP=yes\n";
    return pif_guest_link(
               guest, "/lib/systemd/system/wpa_supplicant@.service",
               "/etc/systemd/system/multi-user.target.wants/wpa_supplicant@wlan0.service", error) &&
           (!pif_guest_exists(guest, "/lib/systemd/systemd-networkd") ||
            pif_guest_put_new(guest, "/etc/systemd/network/30-pifarm-wlan0.network", network, 0644,
                              error));
}

static gboolean write_supplicant(const PifGuest *guest, const char *ssid, const char *psk,
                                 const char *country, GError **error)
{
    gboolean has_dhcpcd = pif_guest_has_any(guest, dhcpcds);
    g_autofree char *text = pif_settings_format_wpa_supplicant(ssid, psk, country);
    const char *path = has_dhcpcd ? "/etc/wpa_supplicant/wpa_supplicant.conf"
                                  : "/etc/wpa_supplicant/wpa_supplicant-wlan0.conf";
    pif_guest_note(guest, "wifi: %s, for wpa_supplicant", path);
    return pif_guest_put_new(guest, path, text, 0600, error) &&
           (has_dhcpcd || enable_supplicant(guest, error));
}

static gboolean write_networkmanager(const PifGuest *guest, const char *ssid, const char *psk,
                                     GError **error)
{
    static const char path[] = "/etc/NetworkManager/system-connections/pifarm-wifi.nmconnection";
    g_autofree char *text = pif_settings_format_networkmanager(ssid, psk);
    pif_guest_note(guest, "wifi: %s, for NetworkManager", path);
    return pif_guest_put_new(guest, path, text, 0600, error);
}

gboolean pif_step_wifi(PifGuest *guest, GError **error)
{
    const char *ssid = pif_prepare_job_text(guest->job, "wifi");
    const char *psk = pif_prepare_job_text(guest->job, "wifi-psk");
    const char *country = pif_prepare_job_text(guest->job, "wifi-country");
    gboolean has_manager = pif_guest_has_any(guest, managers);
    if (!has_manager && !pif_guest_has_any(guest, supplicants))
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "the system on the card has neither NetworkManager nor wpa_supplicant");
    return (has_manager ? write_networkmanager(guest, ssid, psk, error)
                        : write_supplicant(guest, ssid, psk, country, error)) &&
           set_country(guest, country, error) && switch_radio_on(guest, error);
}
