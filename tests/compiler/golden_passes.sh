#!/bin/sh
# golden_passes.sh -- the printed form of every stage after the check, held word for word.
#
#   golden_passes.sh [--update] ODEC FOLDER
#
# For each FOLDER/NAME.ode the dumps of the stages below, one after the other, are compared
# with FOLDER/NAME.expected. --update writes what was found.
set -u
update=no
[ "$1" = --update ] && { update=yes; shift; }
odec=$1 folder=$2 failed=0 n=0
found=$(mktemp)
trap 'rm -f "$found"' EXIT

for model in "$folder"/*.ode; do
    n=$((n + 1))
    expected=${model%.ode}.expected
    for stage in graph fuse hoist emit; do
        echo "---- $stage"
        "$odec" check "$model" --dump "$stage" 2>&1
    done >"$found"
    if [ "$update" = yes ]; then
        cp "$found" "$expected"
    elif ! diff -u "$expected" "$found"; then
        failed=$((failed + 1))
    fi
done
echo "$((n - failed)) of $n as expected"
[ "$failed" -eq 0 ] && [ "$n" -gt 0 ]
