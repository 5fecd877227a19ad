// SPDX-License-Identifier: MIT
// What an image has in it while it is booted for commands, and at no other time.
#pragma once

/* A boot that finds this folder is not the first one of the card. */
#define PIF_BOOTED_FOLDER "/usr/lib/pifarm/booted"
