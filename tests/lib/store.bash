# SPDX-License-Identifier: MIT
# What tests that look into the image store share: its files, changing them, being killed, and what may then be left.
# shellcheck disable=SC2154 # own_folders sets it

# path_of IMAGE: its file.
path_of() {
    pifarm image list --json | jq -r --arg name "$1" '.images[] | select(.name == $name).path'
}

# damage FILE: a byte in the middle of an image's file.
damage() {
    printf x | dd of="$1" bs=1 seek=3000000 conv=notrunc status=none
}

# All that is listed is whole: the content of each file is what its name says.
every_image_is_whole() {
    local path
    while read -r path; do
        [ "$(sha256sum "$path" | cut -c 1-64)" = "$(basename "$path" .img)" ] || {
            echo "$path is not what its name says" >&2
            return 1
        }
    done < <(pifarm image list --json | jq -r '.images[].path // empty')
}

# killed_after MOST COMMAND...: SIGKILL at some moment of the first so many seconds, to all that it has started.
killed_after() {
    local moment
    moment=$(awk -v top="$1" -v seed="$RANDOM" 'BEGIN { srand(seed); printf "%.3f", 0.005 + rand() * top }')
    shift
    timeout -s KILL "$moment" "$@" >/dev/null 2>&1 || true
}

# seconds COMMAND...: how long it takes.
seconds() {
    local begun=$EPOCHREALTIME
    "$@" >/dev/null
    awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'
}

# half_done: the files under the state folder that are no whole image, no node's card and nothing that belongs to one.
half_done() {
    local sha256 allowed="images(/lock|/tmp|/downloads)?|farms(/[^/]*(/cards(/[^/.]*\.qcow2(\.pub|\.note)?)?)?)?"
    while read -r sha256; do
        allowed+="|images/$sha256(\.img|\.json|\.[0-9]*\.qcow2|\.users(/[0-9a-f]{64})?)"
    done < <(pifarm image list --json | jq -r '.images[].sha256 // empty')
    find "$PIFARM_STATE_DIR" -mindepth 1 \( ! -type l -o -xtype l -printf 'dangling: ' \) -printf '%P\n' | grep -vxE "$allowed"
    return 0
}

# gc_clears_all: what killed commands have left is gone after `pifarm image gc`, every file of it, and a second one finds
# nothing. What a killed command had started may take a moment to end.
gc_clears_all() {
    local rest begun=$SECONDS
    until pifarm image gc --yes >/dev/null && rest=$(half_done) && [ -z "$rest" ] &&
        ! fuser -s "$PIFARM_STATE_DIR"/images/*.img; do
        [ $((SECONDS - begun)) -lt 10 ] || {
            echo "still there after gc: $rest" >&2
            fuser -v "$PIFARM_STATE_DIR"/images/*.img >&2
            return 1
        }
        sleep 0.2 # nobody tells when a stranger's processes are gone
    done
    [ "$(pifarm image gc --yes)" = 'freed 0 bytes' ]
}
