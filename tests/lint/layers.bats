#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Who includes whom, and whether the check of it can fail.
load ../lib/common.bash

# tree PATH INCLUDE-LINE...: a scratch tree with one file of these lines.
tree() {
    local path=$1
    shift
    mkdir -p "$BATS_TEST_TMPDIR/tree/${path%/*}"
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/tree/$path"
}

layers() {
    "$PIFARM_SOURCE/tests/lint/layers" "${1:-$BATS_TEST_TMPDIR/tree}"
}

@test "the tree keeps to the layers of DESIGN.md section 6" {
    layers "$PIFARM_SOURCE"
}

@test "what a folder may include passes" {
    tree images/prepare/a.c '#include "images/store/store.h"' '#include "pifarm/base/error.h"' '#include <guestfs.h>'
    tree pifarm/cli/b.c '#include "pifarm/model/farm.h"' '#include "hw/rom/rom.h"' '#include <glib.h>'
    layers
}

@test "images, netsetup and hw must not include one another" {
    tree images/prepare/a.c '#include "netsetup/net.h"'
    tree netsetup/b.h '#include "hw/rom/rom.h"'
    tree hw/rom/c.c '#  include "images/store/store.h"'
    fails_with 1 layers
    says 'images/prepare/a.c:1: images/prepare may not include "netsetup/net.h"'
    says 'netsetup/b.h:1: netsetup may not include "hw/rom/rom.h"'
    says 'hw/rom/c.c:1: hw may not include "images/store/store.h"'
}

@test "base must not include what is built on it" {
    tree pifarm/base/a.c '#include <glib.h>' '#include "pifarm/model/farm.h"'
    fails_with 1 layers
    says 'pifarm/base/a.c:2: pifarm/base may not include "pifarm/model/farm.h"'
}

@test "model, machine, daemon and cli do not reach sideways or upwards" {
    tree pifarm/model/a.c '#include "pifarm/machine/domain.h"'
    tree pifarm/machine/b.c '#include "pifarm/daemon/api.h"'
    tree pifarm/daemon/c.c '#include "pifarm/cli/cli.h"'
    tree pifarm/cli/d.c '#include "pifarm/daemon/api.h"'
    fails_with 1 layers
    [ "${#lines[@]}" -eq 4 ]
}

@test "a foreign library stays in its folder" {
    tree pifarm/daemon/a.c '#include <libvirt/libvirt.h>'
    tree pifarm/machine/b.c '#include <libvirt/libvirt.h>' '#include <guestfs.h>'
    tree hw/poe/c.c '#include <net-snmp/net-snmp-config.h>' '#include <sqlite3.h>'
    fails_with 1 layers
    says 'pifarm/daemon/a.c:1: <libvirt/libvirt.h> belongs to pifarm/machine only'
    says 'pifarm/machine/b.c:2: <guestfs.h> belongs to images/prepare only'
    says 'hw/poe/c.c:2: <sqlite3.h> belongs to pifarm/model only'
    [ "${#lines[@]}" -eq 3 ]
}

@test "an include that is not written from the root is refused" {
    tree images/prepare/a.c '#include "../netsetup/net.h"' '#include "store.h"'
    fails_with 1 layers
    [ "${#lines[@]}" -eq 2 ]
}
