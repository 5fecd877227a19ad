# SPDX-License-Identifier: MIT
# For tests of what somebody without root sees.

# as_user COMMAND...: as we are, or when we are root in a user namespace where we are nobody.
as_user() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        unshare --user -- "$@"
    fi
}

# require_user: that as_user can do that.
require_user() {
    require 'user namespaces (sysctl kernel.unprivileged_userns_clone=1)' as_user true
}
