#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every instruction in our guests, in libgcc.a and in the C library for s390x is in the instruction table, or left out
# for a reason.
#
#     coverage.sh LISTING GUESTS
set -u
[ $# -eq 2 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
libraries="$(s390x-linux-gnu-gcc -print-libgcc-file-name) $(s390x-linux-gnu-gcc -print-file-name=libc.a)"
status=0
for file in $libraries "$2"/*.elf; do
    [ -e "$file" ] || { echo "$file is not there" >&2 && exit 1; }
    s390x-linux-gnu-objdump -d "$file" | "$1" >"${TMPDIR:-/tmp}/coverage.$$" || { echo "$file:" && status=1; }
    case $file in *.a) echo "$file:" ;; esac
    case $file:$status in *.a:* | *:1) cat "${TMPDIR:-/tmp}/coverage.$$" ;; esac
done
rm -f "${TMPDIR:-/tmp}/coverage.$$"
exit $status
