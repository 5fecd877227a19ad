# SPDX-License-Identifier: MIT
# The project's own files: what git tracks or would, and without git what lies in the tree.

# project_files PATHSPEC...: one path a line, from the root of the tree, where it must be called.
project_files() {
    if [ -e .git ]; then
        git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
            while IFS= read -r path; do [ ! -f "$path" ] || echo "$path"; done
    else
        local pattern expression=()
        for pattern in "$@"; do
            expression+=(-o -path "./$pattern" -o -path "*/$pattern")
        done
        find . -name 'build*' -type d -prune -o -type f \( "${expression[@]:1}" \) -print | sed 's,^\./,,'
    fi | sort -u
}

# project_scripts: those of them that a POSIX shell or bash reads (.bats files are bash to shellcheck too).
project_scripts() {
    local path first
    project_files '*' | while IFS= read -r path; do
        IFS= read -r first <"$path" 2>/dev/null || true
        case $path:$first in
        *.bash:* | *.bats:* | *.sh:* | *:'#!/bin/sh'* | *:'#!/bin/bash'* | *:'#!/usr/bin/env bash'*) echo "$path" ;;
        esac
    done
}
