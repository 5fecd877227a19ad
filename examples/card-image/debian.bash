# SPDX-License-Identifier: MIT
# Debian packages for another machine: where they come from, and a private apt that fetches them and leaves the host's alone.
# shellcheck shell=bash

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
components="main non-free-firmware" # raspi-firmware is in the latter

# The Debian release of this host; the one this recipe was made with on others.
debian_host_suite() {
    (
        . /etc/os-release
        if [ "${ID:-}" = debian ]; then echo "${VERSION_CODENAME:-bookworm}"; else echo bookworm; fi
    )
}

# debian_write_sources SUITE [MIRROR...]: prints a sources.list, from the mirrors ("URL" or "URL SUITE") when there are
# any, else from where the host's apt takes that release of Debian, its updates and its security fixes.
debian_write_sources() {
    local suite=$1 mirror url codename
    shift
    for mirror in "$@"; do
        read -r url codename <<<"$mirror"
        debian_source_line "$url" "${codename:-$suite}"
    done
    [ $# -eq 0 ] || return 0
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' | sort -u |
        while read -r origin codename url; do
            [ "$origin" = Debian ] || continue
            case $codename in
                "$suite" | "$suite-updates" | "$suite-security") debian_source_line "$url" "$codename" ;;
            esac
        done | grep . || fail 1 "the apt of this host has no Debian '$suite' in its lists" \
        "Run 'apt-get update', or name a mirror with --mirror URL (and --suite NAME)."
}

debian_source_line() {
    echo "deb [arch=arm64 signed-by=$keyring] $1 $2 $components"
}

# debian_open_apt DIRECTORY: makes apt-get and apt-cache work on arm64 packages of DIRECTORY/../sources.list, with the
# host's proxy and other fetch settings.
debian_open_apt() {
    local apt=$1
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/etc/preferences.d" "$apt/etc/parts" "$apt/debs"
    : >"$apt/state/status"
    cp "${apt%/*}/sources.list" "$apt/etc/sources.list"
    {
        apt-config dump --format '%F "%v";%n' Acquire | grep -vE '^Acquire::(Languages|IndexTargets|GzipIndexes)| "";$' || true
        cat <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Etc "$apt/etc";
Dir::Etc::parts "$apt/etc/parts";
Dir::Log "$apt";
END
    } >"$apt/apt.conf"
    export APT_CONFIG=$apt/apt.conf
    apt-get -qq update >&2 || fail 1 "apt cannot read the package lists of" \
        "$(sed 's/^deb [^]]*] /  /' "$apt/etc/sources.list")" "Is the network up? For another mirror: --mirror URL"
}

# Prints when the newest of the package lists was made, in seconds since the epoch.
debian_lists_date() {
    sed -n 's/^Date: //p' "$1"/state/lists/*Release | while read -r date; do date -d "$date" +%s; done | sort -n | tail -1
}

# debian_fetch DIRECTORY PACKAGE...: downloads them into DIRECTORY/debs.
debian_fetch() {
    local apt=$1
    shift
    (cd "$apt/debs" && apt-get -qq download "$@" >&2)
}

# Prints the package of the newest kernel, which linux-image-arm64 only points to.
debian_kernel_package() {
    apt-cache depends linux-image-arm64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -1
}

# debian_unpack DIRECTORY PACKAGE ROOT [PATH...]: unpacks a fetched package, or these of its paths (globs), into ROOT.
debian_unpack() {
    local apt=$1 package=$2 root=$3
    shift 3
    dpkg-deb --fsys-tarfile "$apt/debs/${package}_"*.deb |
        tar -x -C "$root" --no-same-owner --keep-directory-symlink --wildcards --anchored "$@"
}
