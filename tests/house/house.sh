#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that a tree keeps the house rules, and names file and line where it does not.
#
#     house.sh ROOT [BUILD]
#
# BUILD is a build folder of the tree; with it, sources that no target compiles are found. Rules of single files are in
# house.awk; those here need the whole tree.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n '3,8s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
database=${2:+$(cd "$2" && pwd)/compile_commands.json}
cd "$1" || exit 2

README_LINES_MAX=120

# Files of the house: its folders and the few at the top, without what tests and programs read.
files() {
    find . -mindepth 1 -maxdepth 1 \( -name 'build*' -o -name '.*' -o -name runs \) -prune -o -print |
        sed 's#^\./##' | while read -r top; do
        find "$top" \( -name data -o -name corpus \) -prune -o -type f -print
    done | grep -E '\.(c|h|def|proto|cmake|sh|awk|md|yaml|json|txt)$|/(run|test|check|install)$' | sort
}

# A folder of the first two levels that holds files says what it is for, on a page.
check_readmes() {
    files | grep / | awk -F/ '{ print $1; if (NF > 2) print $1 "/" $2 }' | sort -u | while read -r folder; do
        if [ ! -f "$folder/README.md" ]; then
            echo "$folder:1: readme: write $folder/README.md: purpose, promises, what it may include, where to start"
        elif [ "$(wc -l <"$folder/README.md")" -gt "$README_LINES_MAX" ]; then
            echo "$folder/README.md:$README_LINES_MAX: readme: longer than a page ($README_LINES_MAX lines)"
        fi
        [ -f README.md ] && ! grep -qE "^ *$(basename "$folder")/ " README.md &&
            echo "README.md:1: tree: no line for $folder in the tree map"
    done
}

# A source that no target compiles, or a header that nothing includes, is dead.
check_unused() {
    if [ -n "$database" ]; then
        files | grep '\.c$' | while read -r source; do
            compiled "$source" || echo "$source:1: unused: no target compiles it"
        done
    fi
    included=$(files | grep -E '\.(c|h|def)$' | xargs grep -hE '^ *# *include "' | sed 's/^[^"]*"//; s/".*//' | sort -u)
    files | grep -E '\.(h|def)$' | while read -r header; do
        printf '%s\n' "$included" | grep -qxF "$header" || echo "$header:1: unused: nothing includes it"
    done
}

# Fuzz targets need a build of their own: in any other, their sources cannot be judged. Guests are built by commands for
# a cross compiler, which the database does not show, from all sources of their folders.
compiled() {
    case $1 in
    tests/fuzz/*) grep -qF /tests/fuzz/ "$database" || return 0 ;;
    tests/guests/zarch/*) return 0 ;;
    esac
    grep -qF "/$1\"" "$database"
}

found=$(
    files | xargs awk -f "$here/house.awk"
    check_readmes
    check_unused
)
[ -z "$found" ] && exit 0
printf '%s\n' "$found" | sort -t: -k1,1 -k2,2n
exit 1
