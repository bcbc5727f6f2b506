# lib.sh -- read by the scripts beside it: run odec, look at its exit status and its words.
#
#   says STATUS PATTERN ARGS...   odec ARGS exits with STATUS within a minute and its messages
#                                 (standard error) have a line that matches PATTERN, where one is given
#   check WHAT COMMAND...         COMMAND succeeds
#
# Each script gets odec's path, works in a directory of its own that it leaves behind empty,
# and exits 1 where anything failed.
set -u
odec=$1
here=$(cd "$(dirname "$0")" && pwd)
examples=$here/../../examples
work=$(mktemp -d)
trap 'cd /; [ -z "${mounted:-}" ] || umount "$mounted"; rm -rf "$work"' EXIT
cd "$work"
XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME LC_ALL=C
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

check() {
    check_what=$1
    shift
    "$@" || fail "$check_what"
}

says() {
    says_status=$1
    says_pattern=$2
    shift 2
    timeout 60 "$odec" "$@" >out.txt 2>err.txt
    says_got=$?
    [ "$says_got" -eq "$says_status" ] || {
        fail "odec $*: exit status $says_got, not $says_status"
        head -c 600 err.txt
    }
    [ -z "$says_pattern" ] || grep -q -e "$says_pattern" err.txt || {
        fail "odec $*: no message like '$says_pattern' in"
        head -c 600 err.txt
    }
}

# One message, not a flood: at most N lines on standard error after says.
at_most() {
    [ "$(wc -l <err.txt)" -le "$1" ] || fail "more than $1 lines of messages"
}

# No result, whole or in part, under this name.
nothing_at() {
    [ ! -e "$1" ] || fail "$1 is there"
}

finish() {
    [ "$failures" -eq 0 ] && echo "all as expected"
    [ "$failures" -eq 0 ]
}
