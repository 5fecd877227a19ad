// SPDX-License-Identifier: MIT
// The keys that config.txt may have.
#pragma once

typedef enum {
    PIF_CONFIG_KEY_UNKNOWN,
    PIF_CONFIG_KEY_BOOT,     /* decides what is booted: in the boot plan */
    PIF_CONFIG_KEY_EARLY,    /* the same, read by bootcode.bin */
    PIF_CONFIG_KEY_HARDWARE, /* clocks, pictures, sound, pins: no part of a boot plan */
    PIF_CONFIG_KEY_OTHER,    /* of another model, or of no meaning any more */
} PifConfigKeyUse;

/* key: as in a line; "hdmi_group:1" is "hdmi_group". */
PifConfigKeyUse pif_config_key_use(const char *key);
/* The known key that an unknown one may have been meant to be; NULL: none is near. */
const char *pif_config_key_suggest(const char *key);
