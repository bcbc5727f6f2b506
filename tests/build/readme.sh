#!/bin/sh
# readme.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS BUILD -- what README.md says of generated solvers,
# word for word, with an installed odec.
set -eu
. "$(dirname "$0")/lib.sh"
command -v pkg-config >/dev/null 2>&1 || { echo "skipped: no pkg-config here"; exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "skipped: these are levels of x86-64"; exit 77; }

quietly cmake --install "$7" --prefix "$scratch/prefix"
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name odec-runtime.pc)")
PATH=$scratch/prefix/bin:$PATH
export PKG_CONFIG_PATH PATH
cp "$source/examples/lorenz.ode" .

sed -n '/^## Solvers without a compiler$/,/^## In/p' "$source/README.md" >section
awk '/^```C$/ { on = 1; next } /^```$/ { on = 0 } on' section >main.c
awk '/^```/ { inside = !inside; if (inside) n++; next } inside && n == 1' section >commands
awk '/^```/ { inside = !inside; if (inside) n++; next } inside && n == 3' section >shown
grep -q 'odec build' commands && grep -q lorenz_program main.c && [ -s shown ] || fail 'where are the blocks?'
[ -z "$flags" ] || sed -i "s|^cc |cc $flags |" commands
quietly sh -e ./commands
env -i PATH= ./main >found 2>said || { cat said; fail "main ends with $?"; }
diff shown found || fail 'it prints something else'
