#!/bin/sh
# application.sh BUILD SOURCE GENERATOR COMPILER FLAGS -- installs odec into an empty prefix, moves it,
# and builds and runs programs that are not odec's with it: by find_package, by pkg-config, and those
# that README.md and odec.h show.
set -eu
build=$1 source=$2 generator=$3 compiler=$4 flags=$5

. "$(dirname "$0")/prefix.sh"
lorenz=$source/examples/lorenz.ode

# ---- the man page has every command and option, and is roff
page=$prefix/share/man/man1/odec.1
text=$(sed 's/\\-/-/g' "$page")
for command in $("$prefix/bin/odec" --help | sed -n 's/^  odec \([a-z]*\) .*/\1/p' | grep -vx help); do
    case $text in
    *".SS odec $command"*) ;;
    *) fail "odec.1 does not know $command" ;;
    esac
    "$prefix/bin/odec" $command --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' >"$scratch/options"
    while read -r option; do
        printf '%s\n' "$text" | sed -n "/^\.SS odec $command/,/^\.S[SH]/p" | grep -Eq -- "^\.B $option( [^ ]+)?\$" ||
            fail "odec.1 does not know $command $option"
    done <"$scratch/options"
done
if command -v groff >/dev/null; then
    quietly groff -man -Tascii -wall -z "$page"
    [ ! -s "$scratch/log" ] || { cat "$scratch/log"; fail "odec.1 is no good roff"; }
fi

# ---- links of pages lead somewhere
n=0
for page in "$prefix"/share/doc/odec/*.md; do
    for link in $(grep -o '](\([^)#:]*\))' "$page" | sed 's/..//; s/)$//'); do
        n=$((n + 1))
        [ -e "$(dirname "$page")/$link" ] || fail "$page: $link leads nowhere"
    done
done
[ $n -ge 8 ] || fail "the pages have hardly a link"

# ---- what is shown to people
mkdir "$scratch/examples"
awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$source/README.md" >"$scratch/examples/readme.c"
{
    echo '#include <odec.h>'
    echo 'odec_status example(const odec_program *program, const odec_source *pars,'
    echo '                    const odec_sink *sink);'
    echo 'odec_status example(const odec_program *program, const odec_source *pars,'
    echo '                    const odec_sink *sink) {'
    sed -n '/^ \* [A-Z]/q; s/^ \*   //p' "$prefix"/include/odec/odec.h
    echo 'return status;'
    echo '}'
} >"$scratch/examples/header.c"
for name in readme header; do
    grep -q odec_solve "$scratch/examples/$name.c" || fail "no example in the $name"
done

# ---- headers, as strictly as people have their compilers be
strict='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wundef -Wdouble-promotion -Wfloat-equal -Werror'
for with in gcc:c11 clang:c11 gcc:c17 g++:c++17 clang++:c++17 g++:c++20; do
    command -v ${with%:*} >/dev/null || continue
    for header in odec.h odec_compile.h odec.hpp; do
        case $with$header in
        *++*) language='c++ -Wold-style-cast -Wzero-as-null-pointer-constant' ;;
        *.hpp) continue ;;
        *) language='c -Wstrict-prototypes -Wmissing-prototypes' ;;
        esac
        {
            echo "#include <$header>"
            case $header$with in # what the structs begin with, too
            odec_compile.h*:c1?)
                echo 'odec_batch batch = ODEC_BATCH_INIT;'
                echo 'odec_spec spec = ODEC_SPEC_INIT;'
                echo 'odec_run_options options = ODEC_RUN_OPTIONS_INIT;'
                ;;
            esac
        } >"$scratch/header.txt"
        quietly ${with%:*} -std=${with#*:} $strict "-I$prefix/include/odec" -x $language -fsyntax-only "$scratch/header.txt"
    done
done

# ---- find_package
quietly cmake -S "$source/tests/install/application" -B "$scratch/build" -G "$generator" \
    "-DCMAKE_PREFIX_PATH=$prefix" "-DEXAMPLES=$scratch/examples" "-DCMAKE_C_COMPILER=$compiler" \
    "-DCMAKE_C_FLAGS=$flags"
quietly cmake --build "$scratch/build"

expected=$("$prefix/bin/odec" run "$lorenz" --save final --quiet -o - |
    sed -n '2s/^0,100,\(.*\),ok$/\1/p') # run,t,columns,status
[ "$(echo "$expected" | tr -cd , | wc -c)" -eq 3 ] || fail "odec run says '$expected'"
assert_lorenz() { # program
    found=$("$@" "$lorenz") || fail "$* ends with $?"
    [ "$found" = "$expected" ] || fail "$* says '$found', not '$expected'"
}
assert_lorenz "$scratch/build/application_odec"
assert_lorenz "$scratch/build/application_shared"
found=$("$scratch/build/runtime_alone") || fail "runtime_alone ends with $?"
[ "$found" = "an argument is wrong" ] || fail "runtime_alone says '$found'"
found=$(nm "$scratch/build/runtime_alone" | grep -iE ' (yy|amd_|odec_compil|odec_run_text|parse|lower)' || true)
[ -z "$found" ] || fail "runtime_alone has the compiler in it:" $found

# README.md shows what its program prints, after it.
"$scratch/build/readme" >"$scratch/found" || fail "README.md's program ends with $?"
awk '/^```c$/ { program = 1 } program && /^```$/ { if (++n == 2) on = 1; if (n == 3) exit; next } on' \
    "$source/README.md" >"$scratch/shown"
diff "$scratch/shown" "$scratch/found" || fail "README.md's program prints something else"

# ---- pkg-config
command -v pkg-config >/dev/null 2>&1 || { echo "no pkg-config here"; exit 0; }
export PKG_CONFIG_PATH="$libraries/pkgconfig"
for package in odec odec-static; do
    # The words are options.
    quietly $compiler $flags "$source/tests/install/application/application.c" \
        $(pkg-config --cflags --libs $package) -o "$scratch/$package"
    assert_lorenz env "LD_LIBRARY_PATH=$libraries" "$scratch/$package"
done
mv "$prefix" "$scratch/a prefix" # as GUIDE.md says
prefix="$scratch/a prefix"
libraries=$(dirname "$(find "$prefix" -name libodec.so)")
export PKG_CONFIG_PATH="$libraries/pkgconfig"
quietly eval "$compiler" $flags '"$source/tests/install/application/application.c"' \
    $(pkg-config --cflags --libs odec) -Wl,-rpath,$(pkg-config --variable=libdir odec) -o '"$scratch/spaced"'
assert_lorenz env -u LD_LIBRARY_PATH "$scratch/spaced"
[ "$(pkg-config --modversion odec)" = "$("$prefix/bin/odec" --version | cut -d' ' -f2)" ] ||
    fail "pkg-config and odec tell different versions"
