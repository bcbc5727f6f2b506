#!/bin/sh
# names.sh INCLUDE ARCHIVE... LIBRARY -- each shows names that begin with odec_, and no other; the
# last one is a shared library. They are the functions that the headers in INCLUDE declare.
set -eu
include=$1
shift

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

# A function's name stands before its parenthesis; a type's does too, in a typedef.
declared=$(sed '/^typedef [a-z]* odec_[a-z_]*(/d' "$include"/odec*.h | grep -oE '\bodec_[a-z0-9_]+\(' |
    tr -d '(' | sort -u)
[ "$(echo "$declared" | wc -l)" -ge 20 ] || complain "the headers declare hardly a function"
for name in $declared; do
    echo "$all" | grep -qx "$name" || complain "$name is declared, and is in no library"
done
for name in $all; do
    echo "$declared" | grep -qx "$name" || complain "$name is in a library, and no header declares it"
done
exit $failed
