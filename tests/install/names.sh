#!/bin/sh
# names.sh ARCHIVE... LIBRARY -- each shows names that begin with odec_, and no other; the last one
# is a shared library. All that odec.h and odec_compile.h declare is there.
set -eu

failed=0
complain() {
    echo "FAILED: $*"
    failed=1
}

names_of() {
    case $1 in
    *.a) nm -g --defined-only "$1" ;;
    *) nm -D --defined-only "$1" ;;
    esac | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort
}

all=
for file in "$@"; do
    names=$(names_of "$file")
    [ "$(echo "$names" | grep -c '^odec_')" -ge 5 ] || complain "$file shows hardly a name"
    foreign=$(echo "$names" | grep -v '^odec_' || true)
    [ -z "$foreign" ] || complain "$file shows" $foreign
    case $file in
    *.a) all=$(printf '%s\n%s' "$all" "$names" | sed '/^$/d' | sort) ;;
    *) [ "$names" = "$all" ] || complain "$file shows other names than the archives do" ;;
    esac
done
exit $failed
