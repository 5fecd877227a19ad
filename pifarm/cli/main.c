// SPDX-License-Identifier: MIT
// The program `pifarm`.
#include "pifarm/cli/cli.h"

int main(int argc, char **argv)
{
    return pif_cli_main(argc, argv);
}
