#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a guest under qemu-system-s390x, and compares what it prints, without the lines that begin with "time:".
#
#     smoke.sh IMAGE CPUS EXPECTED [ARGUMENT...]
#
# EXPECTED is the text, as printf takes it. Exit status 0: the guest ended cleanly and printed that.
set -u
[ $# -ge 3 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
image=$1 cpus=$2 expected=$3
shift 3
output=$(qemu-system-s390x -machine s390-ccw-virtio -accel tcg -smp "$cpus" -m 256M -nographic \
    -action panic=exit-failure -kernel "$image" -append "$*" </dev/null)
status=$?
printed=$(printf '%s\n' "$output" | tr -d '\r' | grep -v '^time:')
[ $status -eq 0 ] && [ "$printed" = "$(printf "$expected")" ] && exit 0
printf '%s: exit status %d, printed:\n%s\n' "$image" $status "$printed" >&2
exit 1
