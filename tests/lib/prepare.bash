# SPDX-License-Identifier: MIT
# For tests of preparations that run what is on the image.

# tiny_to_prepare: a store of the test's own with the image tiny.
tiny_to_prepare() {
    own_folders
    require "root" [ "$(id -u)" -eq 0 ]
    require "loop devices" [ -e /dev/loop-control ]
    pifarm image import "$("$PIFARM_SOURCE/examples/build-card-image" --flavour tiny)" --name tiny >/dev/null
}

# prepare OPTION...: of tiny.
prepare() {
    pifarm image prepare tiny --no-ssh "$@"
}
