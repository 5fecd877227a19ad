#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image fetch: a list of operating systems as Raspberry Pi Imager reads it, and an image out of it.
# shellcheck disable=SC2154 # lib/web.bash sets web and url
load ../lib/common.bash
load lib/web.bash

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    truncate -s 8M lite.img
    printf '%s\n' 'label: dos' 'start=2048, size=4096, type=c' | PATH=$PATH:/usr/sbin sfdisk -q lite.img
    xz -k lite.img
}

setup() {
    own_folders
    start_web
    cd "$BATS_TEST_TMPDIR"
    mkdir "$web/images"
    cp "$BATS_FILE_TMPDIR/lite.img.xz" "$web/images/2024-11-19-raspios-bookworm-arm64-lite.img.xz"
    hash=$(sha256sum <"$BATS_FILE_TMPDIR/lite.img" | cut -d ' ' -f 1)
    file_hash=$(sha256sum <"$BATS_FILE_TMPDIR/lite.img.xz" | cut -d ' ' -f 1)
    write_lists
    unset PIFARM_OS_LIST
    list=$url/os_list.json
}

# write_lists [JQ-FILTER]: the list, and one that it refers to; the filter changes the entry of the image.
write_lists() {
    jq -n --arg url "$url" --arg hash "$hash" --arg file_hash "$file_hash" '{
        imager: {devices: [{name: "Pi 3", tags: ["pi3-64bit", "pi3-32bit"]}]},
        os_list: [
            {name: "Raspberry Pi OS (64-bit)", url: ($url + "/images/2024-11-19-raspios-bookworm-arm64.img.xz"),
             devices: ["pi3-64bit", "pi5-64bit"], release_date: "2024-11-19"},
            {name: "Raspberry Pi OS (other)", subitems: [
                {name: "Raspberry Pi OS Lite (64-bit)", url: "images/2024-11-19-raspios-bookworm-arm64-lite.img.xz",
                 devices: ["pi3-64bit"], release_date: "2024-11-19", image_download_size: 1500,
                 image_download_sha256: $file_hash, extract_size: 8388608, extract_sha256: $hash}
                | '"${1:-.}"',
                {name: "Raspberry Pi OS Lite (32-bit)", url: "images/armhf-lite.img.xz", devices: ["pi3-32bit"]}]},
            {name: "More", subitems_url: "more.json"},
            {name: "Erase", url: "internal://format"}]}' >"$web/os_list.json"
    jq -n '{os_list: [{name: "Media Player", url: "/player.img.gz"}, {name: "Again", subitems_url: "os_list.json"}]}' \
        >"$web/more.json"
}

@test "the list has a line for each image of the device, with those of lists that it refers to" {
    fails_with 0 pifarm image fetch --os-list "$list"
    [ "$(awk '{ print $1 }' <<<"$output")" = 'NAME
raspberry-pi-os-64-bit
raspberry-pi-os-lite-64-bit
media-player' ]
    grep -E '^raspberry-pi-os-lite-64-bit +2024-11-19 +1\.5.KiB +8\.0.MiB +Raspberry Pi OS Lite \(64-bit\)$' <<<"$output"
    fails_with 0 pifarm image fetch --os-list "$list" --device any --list
    says 'raspberry-pi-os-lite-32-bit'
    # the list that refers back is read once
    [ "$(grep -c '^/os_list.json' "$web/.log")" -eq 2 ]
}

@test "the list as JSON is whole" {
    pifarm image fetch --os-list "$list" --json | jq -e --arg url "$url" --arg hash "$hash" --arg file_hash "$file_hash" \
        '(.images | length) == 3 and .images[1] == {name: "raspberry-pi-os-lite-64-bit", released: "2024-11-19",
            download_size: 1500, disk_size: 8388608, title: "Raspberry Pi OS Lite (64-bit)", group: "Raspberry Pi OS (other)",
            url: ($url + "/images/2024-11-19-raspios-bookworm-arm64-lite.img.xz"), download_sha256: $file_hash,
            disk_sha256: $hash, description: null}'
}

@test "words fetch the image that has them, checked and under that name" {
    fails_with 0 pifarm image fetch raspios-lite --os-list "$list"
    [ "$output" = "raspios-lite  sha256:${hash:0:12}" ]
    : >"$web/.log"
    PIFARM_OS_LIST=$list fails_with 0 pifarm image fetch raspberry-pi-os-lite-64-bit --name other
    [ "$output" = "other  sha256:${hash:0:12}" ]
    # the checksum in the list tells that it is there
    run ! grep arm64-lite "$web/.log"
}

@test "a list in a file does, with whole URLs in it" {
    sed "s,\"images/,\"$url/images/,; s,\"more.json\",\"$url/more.json\"," "$web/os_list.json" >list.json
    fails_with 0 pifarm image fetch lite --os-list list.json
    fails_with 0 pifarm image fetch lite --os-list "file://$PWD/list.json" --name again
    [ "$output" = "again  sha256:${hash:0:12}" ]
}

@test "a name that may be several, or is none, is met with what there is" {
    fails_with 2 pifarm image fetch raspios --os-list "$list"
    says "'raspios' may be: raspberry-pi-os-64-bit, raspberry-pi-os-lite-64-bit; say which"
    fails_with 4 pifarm image fetch ubuntu --os-list "$list"
    says "'ubuntu'"
    fails_with 4 pifarm image fetch raspberry-pi-os-lite-32-bit --os-list "$list"
    fails_with 0 pifarm image fetch --device pi5-64bit --os-list "$list"
    [[ $output != *lite* ]]
}

@test "without a list it says how to name one" {
    fails_with 2 pifarm image fetch raspios-lite
    says '--os-list'
    says 'PIFARM_OS_LIST'
    fails_with 4 pifarm image fetch --os-list missing.json
    says 'missing.json'
    fails_with 4 pifarm image fetch --os-list "$url/missing.json"
    says "$url/missing.json"
}

@test "a list that is none is refused with its place" {
    echo '{"os_list": [' >bad.json
    fails_with 9 pifarm image fetch --os-list bad.json
    says 'bad.json'
    says 'line 2'
    echo '<html>' >"$web/more.json"
    fails_with 9 pifarm image fetch --os-list "$list"
    says "$url/more.json"
}

@test "a download that is not what the list says leaves nothing" {
    local filter
    for filter in ".image_download_sha256 = \"${hash:1}0\"" ".extract_sha256 = \"${file_hash:1}0\"" '.extract_size = 512' \
        ".extract_sha256 = \"${file_hash:1}0\" | del(.image_download_sha256)"; do
        write_lists "$filter"
        fails_with 9 pifarm image fetch raspios-lite --os-list "$list"
        says 'expected'
        [ -z "$(find "$PIFARM_STATE_DIR" -type f ! -name lock)" ]
    done
    # what the store has is held to it as well
    write_lists
    pifarm image fetch raspios-lite --os-list "$list"
    write_lists '.extract_size = 512'
    fails_with 9 pifarm image fetch raspios-lite --os-list "$list" --name other
}

@test "a cut download of the list's image is resumed" {
    cp "$BATS_FILE_TMPDIR/lite.img" .
    head -c 3M /dev/urandom | dd of=lite.img bs=1M seek=2 conv=notrunc status=none
    xz -c lite.img >"$web/images/2024-11-19-raspios-bookworm-arm64-lite.img.xz"
    write_lists 'del(.image_download_sha256, .extract_sha256)'
    behave cut 100000 # more than a list has
    fails_with 1 pifarm image fetch raspios-lite --os-list "$list"
    says 'goes on after'
    rm "$web/.cut"
    fails_with 0 pifarm image fetch raspios-lite --os-list "$list"
    requests | grep -E 'bytes=500000- 206'
}
