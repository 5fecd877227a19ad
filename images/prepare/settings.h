// SPDX-License-Identifier: MIT
// Texts of the settings files that steps write or edit. Pure.
#pragma once

#include <glib.h>

/* The text with its line `NAME=...` replaced, or one appended; all else as it is. text NULL: there
 * is no such file yet. The value is not quoted. Free it. */
char *pif_settings_set(const char *text, const char *name, const char *value);

/* /etc/locale.gen with the line of that locale switched on, or appended: "de_DE.UTF-8 UTF-8". */
char *pif_settings_enable_locale(const char *text, const char *locale);

/* A wireless network as NetworkManager's keyfile and as wpa_supplicant.conf(5) have it. psk NULL:
 * an open one. country may be NULL. Free them. */
char *pif_settings_format_networkmanager(const char *ssid, const char *psk);
char *pif_settings_format_wpa_supplicant(const char *ssid, const char *psk, const char *country);

/* user-data of cloud-init without the top-level keys in dropped, and with added (lines) behind it.
 * text NULL or empty: there is none yet. CONFIG when it is not #cloud-config in block style. */
char *pif_settings_edit_cloud_config(const char *text, const char *const *dropped,
                                     const char *added, GError **error);
