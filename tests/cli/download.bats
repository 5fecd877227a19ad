#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image import of URLs, pipes and checksum files: from a web server that behaves, and from one that does not.
# shellcheck disable=SC2119,SC2120,SC2154 # options reach import through fails_with; lib/web.bash sets web and url
load ../lib/common.bash
load lib/web.bash

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    truncate -s 8M disk.img
    printf '%s\n' 'label: dos' 'start=2048, size=4096, type=c' | PATH=$PATH:/usr/sbin sfdisk -q disk.img
    # data that does not compress, so that there is something to download
    openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 1M | dd of=disk.img bs=1M seek=2 conv=notrunc status=none
    xz -k disk.img
}

setup() {
    own_folders
    start_web
    cd "$BATS_TEST_TMPDIR"
    cp "$BATS_FILE_TMPDIR/disk.img.xz" "$web"
    file=$web/disk.img.xz
    size=$(stat -c %s "$file")
    hash=$(sha256sum <"$BATS_FILE_TMPDIR/disk.img" | cut -d ' ' -f 1)
    file_hash=$(sha256sum <"$file" | cut -d ' ' -f 1)
    result="disk  sha256:${hash:0:12}"
}

# has_image: the store has just this one, and nothing else.
has_image() {
    [ "$(pifarm image list --json | jq -r '.images[].sha256')" = "$hash" ]
    nothing_unfinished
}

nothing_unfinished() {
    [ -z "$(find "$PIFARM_STATE_DIR/images/downloads" "$PIFARM_STATE_DIR/images/tmp" -type f)" ]
}

# has_nothing: no image, and no trace of one.
has_nothing() {
    [ "$(pifarm image list --json | jq '.images | length')" -eq 0 ]
    [ -z "$(find "$PIFARM_STATE_DIR" -type f ! -name lock)" ]
}

# import ARGUMENT...: of the URL of the file, without a look for checksums.
import() {
    pifarm image import --no-sidecar "$url/disk.img.xz" "$@"
}

@test "a URL is downloaded, imported, named after its file and remembered as the origin" {
    fails_with 0 pifarm image import "$url/disk.img.xz?version=1"
    [ "$output" = "$result" ]
    has_image
    [ "$(pifarm image list --json | jq -r '.images[].origin')" = "$url/disk.img.xz?version=1" ]
}

@test "a URL of the same version is not downloaded again, one that has changed is" {
    import
    requests
    fails_with 0 import --name again
    [ "$output" = "again  sha256:${hash:0:12}" ]
    [ "$(requests)" = '/disk.img.xz - 304 0' ]
    printf 'more' | xz >>"$file"
    fails_with 9 import --name third
    [ "$(requests)" = "/disk.img.xz - 200 $(stat -c %s "$file")" ]
}

@test "a file whose checksum the store knows is not downloaded at all" {
    import
    requests
    fails_with 0 pifarm image import "$url/elsewhere.img.xz" --sha256 "${file_hash^^}"
    [ "$output" = "elsewhere  sha256:${hash:0:12}" ]
    fails_with 0 pifarm image import "$url/third.img.xz" --sha256 "$hash"
    [ -z "$(requests)" ]
}

@test "a cut connection is resumed at once, where it was cut" {
    behave cut 300000
    fails_with 0 import
    [ "$output" = "$result" ]
    [ "$(requests | cut -d ' ' -f 2 | head -n 3)" = $'-\nbytes=300000-\nbytes=600000-' ]
    has_image
}

@test "a server that cuts again and again is given up, and the next import goes on" {
    behave cut 10000
    fails_with 1 import
    says "$url/disk.img.xz"
    says 'the next try goes on after'
    [ "$(requests | wc -l)" -eq 5 ]
    [ "$(pifarm image list --json | jq '.images | length')" -eq 0 ]
    behave_well
    fails_with 0 import
    [ "$output" = "$result" ]
    [ "$(requests)" = "/disk.img.xz bytes=50000- 206 $((size - 50000))" ]
    has_image
}

@test "kill -9 in the middle leaves nothing to be seen, and the next import goes on" {
    local pifarm part
    behave stall 200000
    pifarm image import --no-sidecar "$url/disk.img.xz" & # no function: its shell would be killed instead
    pifarm=$!
    for _ in {1..100}; do
        part=$(find "$PIFARM_STATE_DIR" -name '*.part' -size +190k)
        [ -z "$part" ] || break
        sleep 0.05
    done
    kill -KILL "$pifarm"
    wait "$pifarm" || true
    [ -n "$part" ]
    [ "$(pifarm image list --json | jq '.images | length')" -eq 0 ]
    requests
    behave_well
    fails_with 0 import
    [[ "$(requests)" =~ ^/disk.img.xz\ bytes=([0-9]+)-\ 206\  ]]
    [ "${BASH_REMATCH[1]}" -gt 190000 ]
    has_image
}

@test "killed at ten random moments, a download still ends, without beginning anew each time" {
    local sent
    behave slow 20 # milliseconds for each 16 KiB: 1.3 s in all
    for _ in {1..10}; do
        pifarm image import --no-sidecar "$url/disk.img.xz" &
        sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
        kill -KILL $! 2>/dev/null || break
        wait $! || true
        [ "$(pifarm image list --json | jq '.images | length')" -eq 0 ] || break
    done
    fails_with 0 import
    has_image
    pifarm image verify
    # what was sent of the file after the first byte of the last request is what was still missing
    sent=$(requests | tail -n 1)
    echo "$sent"
    [[ $sent =~ bytes=([0-9]+)- ]]
    [ "${BASH_REMATCH[1]}" -gt 16384 ]
}

# cut_short: 50000 bytes are there.
cut_short() {
    behave cut 10000
    fails_with 1 import
    behave_well
    requests
}

@test "a server that knows no ranges sends all of it again" {
    cut_short
    behave no-range
    fails_with 0 import
    [ "$(requests)" = "/disk.img.xz bytes=50000- 200 $size" ]
    has_image
}

@test "a file that has changed since is downloaded from its beginning" {
    cut_short
    xz -9e <"$BATS_FILE_TMPDIR/disk.img" >"$file"
    behave etag '"other"'
    fails_with 0 import
    [ "$(requests)" = "/disk.img.xz bytes=50000- 200 $(stat -c %s "$file")" ]
    has_image
}

@test "a server that says nothing of the version is not trusted to go on with the same" {
    behave etag none
    behave cut 10000
    fails_with 1 import
    says 'was cut'
    [[ "$output" != *'goes on after'* ]]
    requests
    rm "$web/.cut"
    fails_with 0 import
    [ "$(requests)" = "/disk.img.xz - 200 $size" ]
    has_image
}

@test "a weak ETag is none to resume with" {
    behave etag 'W/"weak"'
    behave cut 10000
    fails_with 1 import
    rm "$web/.cut"
    requests
    fails_with 0 import
    [ "$(requests)" = "/disk.img.xz - 200 $size" ]
}

@test "a server that sends another part than asked for is asked for the whole" {
    behave cut 10000
    fails_with 1 pifarm image import --no-sidecar "$url/lie/disk.img.xz"
    behave_well
    requests
    fails_with 0 pifarm image import --no-sidecar "$url/lie/disk.img.xz"
    [ "$(requests | tail -n 1)" = "/lie/disk.img.xz - 200 $size" ]
    has_image
}

@test "a whole download that could not be imported is not repeated" {
    fails_with 2 import --max-size 1MiB
    says 'larger than the limit of 1MiB'
    [ "$(requests)" = "/disk.img.xz - 200 $size" ]
    fails_with 0 import
    [ "$(requests)" = "/disk.img.xz bytes=$size- 416 0" ]
    has_image
}

@test "a taken name is known before the download" {
    truncate -s 8M other.img
    printf '%s\n' 'label: dos' 'start=2048, size=2048' | PATH=$PATH:/usr/sbin sfdisk -q other.img
    pifarm image import other.img --name disk
    fails_with 5 import
    says "'disk'"
    says '--replace'
    [ ! -s "$web/.log" ]
    fails_with 0 import --replace
    [ "$output" = "$result" ]
}

@test "a wrong checksum leaves nothing, not even to resume" {
    fails_with 9 pifarm image import "$url/disk.img.xz" --sha256 "${hash:1}0"
    says "cannot import $url/disk.img.xz"
    says "$file_hash"
    has_nothing
    fails_with 2 pifarm image import "$url/disk.img.xz" --sha256 abc
    has_nothing
}

@test "the checksum beside the file counts, and is said" {
    (cd "$web" && sha256sum disk.img.xz >disk.img.xz.sha256)
    fails_with 0 pifarm image import "$url/disk.img.xz"
    [ "$output" = "pifarm: checked against $url/disk.img.xz.sha256
$result" ]
    has_image
}

@test "a checksum beside the file that differs is refused by its name" {
    echo "${hash:1}0 *disk.img.xz" >"$web/disk.img.xz.sha256"
    fails_with 9 pifarm image import "$url/disk.img.xz"
    says "checked against $url/disk.img.xz.sha256"
    says "$file_hash"
    has_nothing
    fails_with 0 pifarm image import "$url/disk.img.xz" --no-sidecar
    has_image
}

@test "what is no checksum beside the file is an error, what is not there is not" {
    echo '<html>a page for everything</html>' >"$web/disk.img.xz.sha256"
    fails_with 9 pifarm image import "$url/disk.img.xz"
    says "$url/disk.img.xz.sha256"
    says '--no-sidecar'
    rm "$web/disk.img.xz.sha256"
    fails_with 0 pifarm image import "$url/disk.img.xz"
    [ "$output" = "$result" ]
}

@test "a server that fails when asked for the checksum is an error" {
    behave status 503
    fails_with 7 pifarm image import "$url/disk.img.xz"
    says "$url/disk.img.xz.sha256"
    says '503'
    says '--no-sidecar'
}

@test "statuses of HTTP are told with what to do" {
    fails_with 4 pifarm image import "$url/missing.img"
    says "$url/missing.img"
    says '404 Not Found'
    behave status 403
    fails_with 6 import
    says '403 Forbidden'
    behave status 500
    fails_with 9 import
    says '500'
    behave status 204
    fails_with 9 import
    has_nothing
}

@test "a redirect is followed, a redirect loop is not, nor one to a file" {
    fails_with 0 pifarm image import --no-sidecar "$url/to/$url/disk.img.xz" --name moved
    [ "$output" = "moved  sha256:${hash:0:12}" ]
    fails_with 9 pifarm image import --no-sidecar "$url/loop"
    says "$url/loop"
    says 'in circles'
    fails_with 9 pifarm image import --no-sidecar "$url/to/file:///etc/passwd" --name passwd
    says 'http and https are'
    [ "$(pifarm image list --json | jq -r '.images[].name')" = moved ]
    nothing_unfinished
}

@test "a download larger than the limit is refused, told its size or not" {
    fails_with 2 import --max-download 64KiB
    says 'larger than the limit of 64KiB'
    says "$url/disk.img.xz"
    behave no-length
    fails_with 2 import --max-download 64KiB
    says 'larger than the limit of 64KiB'
    fails_with 2 import --max-size 1MiB
    says 'larger than the limit of 1MiB'
}

@test "a server that stops sending is given up after --timeout" {
    behave stall 100
    fails_with 8 import --timeout 1
    says "$url/disk.img.xz"
    says 'does not go on sending'
    fails_with 2 import --timeout -1
    says '--timeout'
}

@test "a host that is not there, and one that takes no connection" {
    fails_with 4 pifarm image import http://nowhere.invalid/disk.img
    says 'nowhere.invalid'
    says 'no such host'
    fails_with 1 pifarm image import http://127.0.0.1:1/disk.img
    says 'does not take connections'
    has_nothing
}

@test "a server whose certificate nobody vouches for is denied" {
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout key -out cert 2>/dev/null
    cat key cert >pem
    start_web pem
    fails_with 6 import
    says "$url/disk.img.xz"
    says 'certificate is not trusted'
    has_nothing
}

@test "URLs that cannot be fetched are refused in words" {
    fails_with 2 pifarm image import ftp://example.org/disk.img
    says 'only http, https and file URLs'
    fails_with 2 pifarm image import http:///disk.img
    says 'names no host'
    fails_with 2 pifarm image import "$url/"
    says 'is no name for an image'
    has_nothing
}

@test "a host that does not answer is named with the URL that was asked for, and no hint that would not help" {
    local nobody
    nobody=http://127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    fails_with 1 pifarm image import "$nobody/disk.img.xz"
    says "cannot fetch $nobody/disk.img.xz: the host does not take connections"
    [[ $output != *sidecar* && $output != *.sha256* ]]
    fails_with 9 pifarm image import "${url/http:/https:}/disk.img.xz"
    says 'is it a https server?'
    [[ $output != *sidecar* && $output != *.sha256* ]]
    has_nothing
}

@test "a password in a URL is shown nowhere and kept nowhere" {
    local secret=${url/:\/\//:\/\/somebody:hunter2@}
    fails_with 4 pifarm image import "$secret/missing.img"
    [[ $output != *hunter2* ]]
    fails_with 0 pifarm image import "$secret/disk.img.xz"
    run -1 grep -rl hunter2 "$PIFARM_STATE_DIR"
}

@test "two imports of one URL at a time do not write to the same file" {
    behave stall 100000
    pifarm image import --no-sidecar --timeout 10 "$url/disk.img.xz" >first 2>&1 &
    cleanup kill $!
    for _ in {1..100}; do
        [ -z "$(find "$PIFARM_STATE_DIR" -name '*.part' -size +90k)" ] || break
        sleep 0.05
    done
    fails_with 7 import
    says 'is being downloaded by another process'
}

@test "a file URL is the file" {
    cp "$file" 'a b.img.xz'
    fails_with 0 pifarm image import "file://$PWD/a%20b.img.xz" --name spaced
    [ "$output" = "spaced  sha256:${hash:0:12}" ]
    fails_with 2 pifarm image import "file://elsewhere/disk.img"
    says "'elsewhere'"
    fails_with 4 pifarm image import file:///missing.img
    says '/missing.img'
}

@test "a checksum beside a file counts as one beside a URL" {
    cp "$file" .
    (cd "$web" && sha256sum --tag disk.img.xz) >disk.img.xz.sha256
    fails_with 0 pifarm image import disk.img.xz
    says 'checked against disk.img.xz.sha256'
    sed -i 's/= ./= 0/; s/= 00/= 10/' disk.img.xz.sha256
    fails_with 9 pifarm image import disk.img.xz --name other
    fails_with 0 pifarm image import disk.img.xz --name other --no-sidecar
}

@test "standard input is an image too, with a name and a limit" {
    fails_with 0 pifarm image import - --name piped --sha256 "$file_hash" < <(cat "$file")
    [ "$output" = "piped  sha256:${hash:0:12}" ]
    [ "$(pifarm image list --json | jq -r '.images[].origin')" = 'standard input' ]
    nothing_unfinished
    fails_with 2 pifarm image import - <"$file"
    says '--name'
    fails_with 2 pifarm image import - --name large --max-download 64KiB <"$file"
    says 'larger than the limit of 64KiB'
    fails_with 9 pifarm image import - --name none </dev/null
    says 'standard input'
    nothing_unfinished
}

@test "a farm.yaml may name a URL; what was downloaded once counts" {
    printf '%s\n' 'farm: lab' 'images:' "  disk: { source: '$url/disk.img.xz' }" 'switches: { sw0: { virtual: true, ports: 4 } }' \
        'nodes: [ { name: n1, id: 1, port: sw0/1, image: disk } ]' >farm.yaml
    fails_with 0 pifarm check
    pifarm up --dry-run --all | grep -F "# image disk: from $url/disk.img.xz"
}
