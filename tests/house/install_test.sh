#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An installed numaplex finds its daemons, presets and scenarios without the source tree.
#
#     install_test.sh BUILD
set -eu
build=$1
source_cache=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix/usr" >/dev/null
for program in numaplex numaplex-node numaplex-fabric numaplex-coordinator; do
    [ -x "$prefix/usr/bin/$program" ] || { echo "not installed: bin/$program"; exit 1; }
done

# A scenario of the user's, elsewhere, that names a preset; nothing points to the source tree.
unset NUMAPLEX_SOURCE NUMAPLEX_BIN NUMAPLEX_PRESETS
mkdir "$prefix/elsewhere"
cp "$prefix/usr/share/numaplex/scenarios/two-boards.yaml" "$prefix/elsewhere/mine.yaml"
cd "$prefix/elsewhere"
"$prefix/usr/bin/numaplex" check mine.yaml >checked
grep -q . checked
if strings -a "$prefix/usr/bin/numaplex" | grep -qF "$source_cache/build"; then
    echo "bin/numaplex names the build folder"
    exit 1
fi
echo "installed and checked"
