#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An installed numaplex finds its daemons and presets where it was installed.
#
#     install_test.sh BUILD
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cmake --install "$1" --prefix "$place/usr" >/dev/null
for program in numaplex numaplex-node numaplex-fabric numaplex-coordinator; do
    [ -x "$place/usr/bin/$program" ] || { echo "not installed: bin/$program"; exit 1; }
done

# Nothing points to the source tree or the build, and the preset is one that only the installation has.
unset NUMAPLEX_SOURCE NUMAPLEX_BIN NUMAPLEX_PRESETS
share=$place/usr/share/numaplex
mkdir "$place/elsewhere"
cd "$place/elsewhere"
sed 's/^preset: .*/preset: only-here/' "$share/presets/teaching-board.yaml" >"$share/presets/only-here.yaml"
sed 's/preset: teaching-board/preset: only-here/' "$share/scenarios/two-boards.yaml" >mine.yaml
"$place/usr/bin/numaplex" check mine.yaml
grep -q only-here mine.yaml
"$place/usr/bin/numaplex" run mine.yaml --until 2us --out results >/dev/null
[ -s results/digest ] || { echo "the run left no digest"; exit 1; }
