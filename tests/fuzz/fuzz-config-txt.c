// SPDX-License-Identifier: MIT
// Fuzz target: any text as config.txt, including one that includes itself, is read to an end.
#include "images/card/config-txt.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *read_itself(const char *name, gpointer data)
{
    return g_strdup(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(PifConfigTxt) alone = pif_config_txt_parse(text, NULL, NULL);
    g_autoptr(PifConfigTxt) config = pif_config_txt_parse(text, read_itself, text);
    const char *kernel = pif_config_txt_get(config, "kernel");
    g_assert_true(!kernel || !strchr(kernel, '\n'));
    pif_config_txt_is_on(alone, "arm_64bit");
    return 0;
}
