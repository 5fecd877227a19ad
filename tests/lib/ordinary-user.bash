# SPDX-License-Identifier: MIT
# A user who is not root and may have namespaces, in this test's mount namespace only; and pifarm installed for them.

# ordinary_user: for setup_file. Exports ORDINARY_UID, USER_HOME, USER_STATE_DIR and USER_RUNTIME_DIR.
ordinary_user() {
    local file
    USER_HOME=$(mktemp -d /tmp/pifarm-XXXX) # as short as a home's path is: sockets are in it
    export ORDINARY_UID=64242 USER_HOME
    export USER_STATE_DIR="$USER_HOME/.local/state/pifarm" USER_RUNTIME_DIR="$BATS_FILE_TMPDIR/runtime"
    mkdir -p "$USER_RUNTIME_DIR" "$BATS_FILE_TMPDIR/etc"
    cp /etc/{passwd,group} "$BATS_FILE_TMPDIR/etc/"
    echo "ordinary:x:$ORDINARY_UID:$ORDINARY_UID::$USER_HOME:/bin/sh" >>"$BATS_FILE_TMPDIR/etc/passwd"
    echo "ordinary:x:$ORDINARY_UID:" >>"$BATS_FILE_TMPDIR/etc/group"
    echo "ordinary:1000000:65536" | tee "$BATS_FILE_TMPDIR/etc/subuid" >"$BATS_FILE_TMPDIR/etc/subgid"
    for file in passwd group subuid subgid; do
        mount --bind "$BATS_FILE_TMPDIR/etc/$file" "/etc/$file"
    done
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
    chmod 700 "$USER_RUNTIME_DIR"
    chown "$ORDINARY_UID:$ORDINARY_UID" "$USER_HOME" "$USER_RUNTIME_DIR"
    require 'user namespaces for ordinary users' as_user unshare --user --net true
}

# give_kernel_to_user: the one of the artefact appliance-kernel, for what prepares images.
give_kernel_to_user() {
    mkdir -p "$BATS_FILE_TMPDIR/kernel"
    mount --bind "$("$PIFARM_SOURCE/examples/appliance-kernel")" "$BATS_FILE_TMPDIR/kernel"
}

# install_for_user: pifarm.
install_for_user() {
    cmake --install "$PIFARM_BUILD" --prefix "$BATS_FILE_TMPDIR/tree" >/dev/null
}

# no_ordinary_user: for teardown_file.
no_ordinary_user() {
    local file
    pkill -KILL -u "$ORDINARY_UID" || true
    ! mountpoint -q "$BATS_FILE_TMPDIR/kernel" || umount "$BATS_FILE_TMPDIR/kernel"
    for file in passwd group subuid subgid; do
        umount "/etc/$file"
    done
    rm -rf "$USER_HOME"
}

# let_user_reach FOLDER...: those that lie in root's home, or in others that are closed, are moved out of it for this mount
# namespace: nothing else of it stays in sight.
let_user_reach() {
    local folder top places=()
    for folder; do
        as_user test -r "$folder" || places+=("$folder")
    done
    for folder in "${places[@]}"; do
        mkdir -p "$BATS_FILE_TMPDIR/reached$folder"
        mount --bind "$folder" "$BATS_FILE_TMPDIR/reached$folder"
        cleanup umount "$BATS_FILE_TMPDIR/reached$folder"
    done
    for folder in "${places[@]}"; do
        top=/$(cut -d / -f 2 <<<"$folder")
        mountpoint -q "$top" || {
            cleanup umount --lazy "$top"
            mount -t tmpfs -o mode=755 tmpfs "$top"
        }
        mkdir -p "$folder"
        mount --bind "$BATS_FILE_TMPDIR/reached$folder" "$folder"
    done
}

# as_user COMMAND...: as that user, with nothing of our environment.
as_user() {
    setpriv --reuid="$ORDINARY_UID" --regid="$ORDINARY_UID" --clear-groups \
        env -i HOME="$USER_HOME" USER=ordinary XDG_RUNTIME_DIR="$USER_RUNTIME_DIR" LANG=C.UTF-8 \
        PIFARM_APPLIANCE_KERNEL="$BATS_FILE_TMPDIR/kernel" \
        PATH="$BATS_FILE_TMPDIR/tree/bin:/usr/local/bin:/usr/bin:/bin" "$@"
}

# give_farm_to_user: the farm that own_farm made, with its image where the user can read it.
give_farm_to_user() {
    cp --reflink=auto "$FARM_IMAGE" "$FARM_DIR/card.img"
    sed -i "s|source: $FARM_IMAGE|source: card.img|" "$FARM_DIR/farm.yaml"
    chown -R "$ORDINARY_UID:$ORDINARY_UID" "$FARM_DIR"
}
