#!/bin/sh
# format.sh -- every .c and .h is as clang-format 14 leaves it (.clang-format). Mended by
#
#   tests/format.sh --mend
#
# Another version formats otherwise: then, or where there is none, exits with 77, which ctest calls
# skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
formatter=
for name in clang-format-14 clang-format; do
    case $("$name" --version 2>/dev/null) in *'version 14.'*) formatter=$name && break ;; esac
done
[ -n "$formatter" ] || {
    echo 'skipped: clang-format 14 is not there (Debian: clang-format-14)'
    exit 77
}
files=$(find compiler examples kernels runtime templates tests -name '*.[ch]')
[ "$(echo "$files" | wc -l)" -gt 100 ] || { echo 'where are the sources?'; exit 1; }
# shellcheck disable=SC2086
case ${1:-} in
--mend) exec "$formatter" -i $files ;;
*) exec "$formatter" --dry-run -Werror $files ;;
esac
