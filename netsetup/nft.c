// SPDX-License-Identifier: MIT
// One libnftables context for each run: it caches the ruleset, which others change.
#include "netsetup/nft.h"

#include "pifarm/base/error.h"

#include <nftables/libnftables.h>
#include <string.h>

typedef struct nft_ctx Nft;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Nft, nft_ctx_free)

static gboolean fail(const Nft *nft, GError **error)
{
    g_autofree char *said = g_strdup(nft_ctx_get_error_buffer((Nft *)nft));
    g_auto(GStrv) lines = g_strsplit(g_strstrip(said), "\n", 2);
    if (strstr(said, "Operation not permitted"))
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "packet filters are root's: try again with sudo");
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "nftables refused the packet filters: %s",
                         lines[0] ? lines[0] : "no reason given");
}

static gboolean run(const char *commands, unsigned flags, char **ret_output, GError **error)
{
    g_autoptr(Nft) nft = nft_ctx_new(NFT_CTX_DEFAULT);
    nft_ctx_output_set_flags(nft, flags);
    nft_ctx_buffer_output(nft);
    nft_ctx_buffer_error(nft);
    if (nft_run_cmd_from_buffer(nft, commands) != 0)
        return fail(nft, error);
    if (ret_output)
        *ret_output = g_strdup(nft_ctx_get_output_buffer(nft));
    return TRUE;
}

gboolean pif_nft_run(const char *commands, char **ret_output, GError **error)
{
    return run(commands, 0, ret_output, error);
}

gboolean pif_nft_list_handles(const char *commands, char **ret_output, GError **error)
{
    return run(commands, NFT_CTX_OUTPUT_HANDLE, ret_output, error);
}
