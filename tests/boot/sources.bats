#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A farm whose image is a URL: fetched once, prepared, booted; and not booted any more when its file was changed.
# shellcheck disable=SC2154 # cli/lib/web.bash sets web and url
load ../lib/common.bash
load ../lib/farm.bash
load ../cli/lib/web.bash

setup() {
    own_farm tiny 1
    start_web
    cp "$FARM_IMAGE" "$web/card.img"
    (cd "$web" && sha256sum card.img >card.img.sha256)
    sed -i "s,source: [^,]*,source: '$url/card.img'," farm.yaml
    cleanup farm_down
}

@test "a farm's image comes from a URL once, and a node does not start when it was changed since" {
    local prepared
    fails_with 0 pifarm up --all --wait=ssh
    [ "$(requests | cut -d ' ' -f 1,3)" = '/card.img.sha256 200
/card.img 200' ]
    pifarm down --all --now
    prepared=$(pifarm image list --json | jq -r '.images[] | select(.prepared) | .path')
    cp "$prepared" backup
    printf x | dd of="$prepared" bs=1 seek=100000000 conv=notrunc status=none
    fails_with 1 pifarm up --all
    says 'n1: failed'
    fails_with 1 pifarm up --all --wait=ssh
    says 'n1: failed'
    says 'was changed behind our back'
    fails_with 9 pifarm image verify
    cp backup "$prepared"
    fails_with 0 pifarm up --all --wait=ssh
    [ -z "$(requests)" ]
}
