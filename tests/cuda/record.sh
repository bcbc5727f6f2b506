#!/bin/sh
# record.sh NVRTC_COMPILE EXAMPLES_DIR >bounds.tsv -- every row of bounds.tsv anew, by the
# program that the build made (build/release/tests/cuda/nvrtc_compile). Look at what changed
# before it is committed: a row that got worse has to be worth it.
#
# record.sh NVRTC_COMPILE EXAMPLES_DIR METHOD >>bounds.tsv -- the rows of a method that is new:
# minutes. They may be left to others, unless one of its texts spills (nvrtc_compile.c says which).
# Of one architecture: nvrtc_compile --record 75 examples METHOD.
#
# NVRTC has to be of the version that bounds.tsv says: rows of two versions are no bounds. Where
# there is none, leave it to those who have one: the tests that hold the rows are skipped there.
set -eu
if [ $# -eq 2 ]; then
    printf '# What ptxas makes of the CUDA text: see nvrtc_compile.c, which holds this.\n'
    printf '# NVRTC %s\n' "$("$1" --version)"
    printf '# program\tarch\tregisters\tstack bytes\tspill bytes\n'
fi
for arch in 75 80 90 100 120; do
    "$1" --record "$arch" "$2" ${3+"$3"}
done
