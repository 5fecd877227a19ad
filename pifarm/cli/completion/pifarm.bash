# SPDX-License-Identifier: MIT
# Completion of pifarm's command line in bash: words come from pifarm's own help and lists, so nothing is repeated here.

# _pifarm_commands HELP-ARGUMENT...: the names under "Commands:".
_pifarm_commands() {
    pifarm "$@" 2>/dev/null | sed -n '/^Commands:$/,/^$/s/^  \([a-z-]\{1,\}\) .*/\1/p'
}

# _pifarm_options COMMAND...: its options, long and short; also those that have a help of their own.
_pifarm_options() {
    local help topic
    help=$(pifarm "$@" --help 2>/dev/null)
    while read -r topic; do
        help+=$(pifarm "$@" "$topic")
    done < <(grep -oE -e '--help-[a-z]+' <<<"$help")
    grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' <<<"$help" | tr -d ',' | tr -s ' ' '\n'
}

# _pifarm_column COMMAND...: the first column of its table.
_pifarm_column() {
    pifarm "${_pifarm_file[@]}" "$@" 2>/dev/null | awk 'NR > 1 && $1 != "-" { print $1 }'
}

_pifarm_fill() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The argument of the option before the cursor; fails when that option has none.
_pifarm_option_argument() {
    case $command:$prev in
    clone:-i | clone:--image) _pifarm_fill "$(_pifarm_column image list)" ;;
    *:-f | *:--file | *:--os-list | *:-i | *:--image | *:-k | *:--ssh-key) _pifarm_files ;;
    up:--wait | up:-w | wait:--for | wait:-w) _pifarm_fill 'ssh ping console:' ;;
    *:--timeout | *:-t | *:--nodes | *:--name | *:--sha256 | *:--max-size | *:--max-download | *:--device | *:-d | *:--size | *:-s) ;;
    *:--device-is) _pifarm_files ;;
    *:--margin) ;;
    *:--install | *:--run | *:--run-booted | *:--boot-timeout | *:--hostname | *:--user | *:-u | *:--password-hash) ;;
    *) return 1 ;;
    esac
}

_pifarm_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# NODE|IMAGE, then a file.
_pifarm_subject_and_file() {
    local i
    for ((i = COMP_CWORD - 1; i > 1; i--)); do
        case ${COMP_WORDS[i]} in
        "$subcommand") break ;;
        -*) ;;
        *) _pifarm_files && return ;;
        esac
    done
    _pifarm_fill "$(_pifarm_column list) $(_pifarm_column image list)"
}

_pifarm_arguments() {
    case $command in
    netboot) [ -n "$subcommand" ] || _pifarm_fill "$(_pifarm_commands netboot --help)" ;;
    firmware)
        if [ -z "$subcommand" ]; then
            _pifarm_fill "$(_pifarm_commands firmware --help)"
        else
            _pifarm_fill "$(_pifarm_column list) $(_pifarm_column image list)"
            [ "${#COMPREPLY[@]}" -gt 0 ] || _pifarm_files
        fi
        ;;
    image)
        case $subcommand in
        '') _pifarm_fill "$(_pifarm_commands image --help)" ;;
        import) _pifarm_files ;;
        inspect)
            _pifarm_fill "$(_pifarm_column image list)"
            [ "${#COMPREPLY[@]}" -gt 0 ] || _pifarm_files
            ;;
        prepare | rm | shell | shrink | verify) _pifarm_fill "$(_pifarm_column image list)" ;;
        export | flash) _pifarm_subject_and_file ;;
        esac
        ;;
    clone)
        case $subcommand in
        '') _pifarm_fill "$(_pifarm_commands clone --help)" ;;
        *) _pifarm_fill "$(_pifarm_column list)" ;;
        esac
        ;;
    net)
        case $subcommand in
        '') _pifarm_fill "$(_pifarm_commands net --help)" ;;
        capture | fault) _pifarm_fill "$(_pifarm_column list)" ;;
        esac
        ;;
    cp)
        compopt -o nospace 2>/dev/null
        _pifarm_fill "$(_pifarm_column list | sed 's/$/:/')"
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
        ;;
    up | down | list | show | console | ssh | ssh-config | run | wait | log | audit) _pifarm_fill "$(_pifarm_column list)" ;;
    help) _pifarm_fill "$(_pifarm_commands help)" ;;
    esac
}

_pifarm() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' subcommand='' i _pifarm_file=()
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -f | --file)
            [ -n "$command" ] || { ((++i)) && _pifarm_file=(-f "${COMP_WORDS[i]}"); }
            ;;
        -*) ;;
        *)
            if [ -z "$command" ]; then
                command=${COMP_WORDS[i]}
            elif [ -z "$subcommand" ]; then
                subcommand=${COMP_WORDS[i]}
            fi
            ;;
        esac
    done
    _pifarm_option_argument && return
    if [ -z "$command" ]; then
        case $cur in
        -*) _pifarm_fill '-f --file -v --verbose --version --help' ;;
        *) _pifarm_fill "$(_pifarm_commands help)" ;;
        esac
    elif [[ $cur == -* && $command =~ ^(image|clone|net|netboot|firmware)$ && -n $subcommand ]]; then
        _pifarm_fill "$(_pifarm_options "$command" "$subcommand")"
    elif [[ $cur == -* ]]; then
        _pifarm_fill "$(_pifarm_options "$command")"
    else
        _pifarm_arguments
    fi
}

complete -F _pifarm pifarm
