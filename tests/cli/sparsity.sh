#!/bin/sh
# sparsity.sh ODEC -- what info says of stiff methods, in words, as JSON and as a picture; and
# the methods that the help lists.
. "$(dirname "$0")/lib.sh"

squares() { # FILE: squares in all, of the Jacobian, on the diagonal, of fill
    python3 - "$1" <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
svg = '{http://www.w3.org/2000/svg}'
assert root.tag == svg + 'svg', root.tag
width, height = float(root.get('width')), float(root.get('height'))
assert 0 < width < 1100 and 0 < height < 1100, (width, height)
places = {}
for group in root.iter(svg + 'g'):
    if group.get('class'):
        for r in group.findall(svg + 'rect'):
            places[int(float(r.get('x'))), int(float(r.get('y')))] = group.get('class')
n = len(list(root.iter(svg + 'rect')))
assert n == len(places), 'two squares at one place'
assert all(0 <= x and 0 <= y for x, y in places)
assert all((c == 'diagonal') == (x == y) for (x, y), c in places.items())
print(n, *(list(places.values()).count(c) for c in ('jacobian', 'diagonal', 'fill')))
END
}

# An arrow: with `hub` eliminated late there is no fill; the other way it would be full.
cat >arrow.ode <<'END'
model arrow "a < b & \"c\" > d, naïve: µ"
par k = 2
init hub = 1, a = 0, b = 0, c = 0
hub' = -k*hub*hub + a + b + c
a' = hub - a*a
b' = hub - b*b
c' = hub*t
solve { method = rodas5p; t = 0 .. 1 }
END
says 0 '' info arrow.ode --plot arrow.svg
cat >expected <<'END'
sparsity
  4 states, 9 entries in the Jacobian (56 %), 10 in its factors L + U (62 %), 0 of them fill
END
sed -n '/^sparsity/,/^  4 states/p' out.txt | cmp -s - expected || { fail 'the sparsity'; cat out.txt; }
check 'the flops' grep -q '^  flops: right-hand side [0-9]*, with Jacobian [0-9]*, factorisation [0-9]*, one solve [0-9]*$' out.txt
check 'no reason without a choice' sh -c '! grep -q "was chosen" out.txt'
check 'squares' [ "$(squares arrow.svg)" = '10 6 4 0' ]
python3 - <<'END' || fail 'the texts of the picture'
import xml.etree.ElementTree as tree
root = tree.parse('arrow.svg').getroot()
svg = '{http://www.w3.org/2000/svg}'
assert root.find(svg + 'title').text == 'arrow: a < b & "c" > d, na\u00efve: \u00b5'
texts = [''.join(t.itertext()) for t in root.iter(svg + 'text')]
assert texts[0] == 'arrow: n = 4, nnz(J) = 9, nnz(L+U) = 10, fill 0', texts
names = texts[2:]
assert sorted(names) == sorted(['hub', 'a', 'b', 'c'] * 2) and 'hub' in names[-4:], names
END
says 0 '' info arrow.ode --json
python3 - <<'END' || fail 'info --json'
import json
i = json.load(open('out.txt'))
s = i['sparsity']
assert (s['jacobian'], s['factors'], s['fill']) == (9, 10, 0), s
assert sorted(s['order']) == ['a', 'b', 'c', 'hub'] and 'hub' in s['order'][-2:], s
assert s['flops_linear'] > 0 and s['flops_factor'] > 0 and s['flops_solve'] > 0, s
assert i['method_reason'] is None, i
END

# Fill: a ring cannot be eliminated without.
cat >ring.ode <<'END'
model ring
init u = 1, v = 0, w = 0, x = 0, y = 0
u' = y*v; v' = u*w; w' = v*x; x' = w*y; y' = x*u
solve { method = rosenbrock23; t = 0 .. 1 }
END
says 0 '' info ring.ode --json --plot ring.svg
python3 -c '
import json
s = json.load(open("out.txt"))["sparsity"]
assert s["jacobian"] == 10 and s["fill"] > 0 and s["factors"] == 15 + s["fill"], s
print(s["factors"], 10, 5, s["fill"])' >counts || fail 'the ring'
check 'squares of the ring' [ "$(squares ring.svg)" = "$(cat counts)" ]

# Text that XML cannot hold; a name of 300 letters; a thousand states.
long=$(yes abcdefghij | head -n 30 | tr -d '\n')
printf 'model m "\001 \033[31m \357\277\276 \357\277\277 ]]> \360\237\230\200"\n' >odd.ode
printf "init %s = 1\n%s' = -%s\n" "$long" "$long" "$long" >>odd.ode
says 0 '' info odd.ode --method rodas4 --plot odd.svg
check 'a full matrix' grep -q '^  1 state, 1 entry in the Jacobian (100 %), 1 in its factors L + U (100 %), 0 of them fill$' out.txt
check 'squares of the odd one' [ "$(squares odd.svg)" = '1 0 1 0' ]
{
    echo 'model chain'
    i=0
    while [ $i -lt 1000 ]; do
        echo "init x$i = 1; x$i' = -x$i + x$(((i + 999) % 1000))*x$(((i + 1) % 1000))"
        i=$((i + 1))
    done
} >chain.ode
says 0 '' info chain.ode --method rodas5p
check 'a sparse matrix' grep -q '^  1000 states, 3000 entries in the Jacobian (0.3 %), 4994 in' out.txt
says 0 '' info chain.ode --method rodas5p --json --plot chain.svg
check 'squares of the thousand' [ "$(squares chain.svg | cut -d' ' -f1)" = \
    "$(python3 -c 'import json; print(json.load(open("out.txt"))["sparsity"]["factors"])')" ]

# On standard output, alone.
says 0 '' info arrow.ode --plot -
check 'the picture alone' cmp -s out.txt arrow.svg

# ---- what is wrong
says 2 '^odec: error: tsit5 has no Jacobian: --plot needs a stiff method$' info arrow.ode \
    --method tsit5 --plot no.svg
nothing_at no.svg
says 2 "^odec: error: --plot: 'no.png' must end in .svg, or be -\$" info arrow.ode --plot no.png
nothing_at no.png
says 1 '^odec: error: cannot write no/such.svg: No such file or directory$' info arrow.ode \
    --plot no/such.svg
at_most 1
says 2 "'--plot' is no option of odec run" run arrow.ode --plot no.svg
if [ -c /dev/full ]; then
    "$odec" info arrow.ode --plot - >/dev/full 2>err.txt
    [ $? -eq 1 ] || fail 'a full standard output: exit status is not 1'
    check 'one message' [ "$(grep -c 'No space' err.txt) $(wc -l <err.txt)" = '1 1' ]
fi
(ulimit -f 8; "$odec" info chain.ode --method rodas5p --plot big.svg >/dev/null 2>err.txt)
[ $? -eq 1 ] || fail 'a file too large: exit status is not 1'
check 'one message of it' [ "$(cat err.txt)" = \
    'odec: error: cannot write big.svg: File too large' ]
nothing_at big.svg
nothing_at big.svg.partial

# ---- method auto: the choice over the time span, and why
cat >stiff.ode <<'END'
model stiff
par k = 1e6
init x = 1
x' = -k*(x - cos(t))
END
for command in check info emit; do
    says 0 '' $command stiff.ode --method auto --t 0:10
    says 2 'time span' $command stiff.ode --t -1e308:1e308
done
says 0 '' info stiff.ode --method auto --t 0:10
check 'a stiff method, and why' grep -q '^  (rodas[45]p* was chosen: with the same work .*; at equal error rodas.* times its work)$' out.txt
says 0 '' info stiff.ode --method auto --t 0:1e-6 --json
python3 - <<'END' || fail 'auto over a short span'
import json
i = json.load(open('out.txt'))
assert i['method'] in ('tsit5', 'vern7') and i['sparsity'] is None and 'work' in i['method_reason'], i
END
says 0 '' run stiff.ode --method auto --t 0:1 --stats auto.json --quiet
says 0 '' run stiff.ode --method tsit5 --t 0:1e-6 --stats named.json --quiet
python3 - <<'END' || fail 'the reason among the statistics'
import json
assert 'tsit5' in json.load(open('auto.json'))['method_reason']
assert json.load(open('auto.json'))['method'] in ('rodas4', 'rodas5p')
assert 'method_reason' not in json.load(open('named.json'))
END

# ---- a run whose factors are infinite stands still: it does not arrive
cat >frozen.ode <<'END'
model frozen
par a = 1e200, b = 1e200
init x = 0
x' = 1 - (a*x)*b
END
says 0 '' info frozen.ode --method auto --t 0:1
check 'a frozen run' grep -q '^  (tsit5 was chosen: .* rodas5p through 0 %' out.txt
printf "model power\npar g = 0.5\ninit x = 0\nx' = 1 - x^g\n" >power.ode
says 0 '' info power.ode --method auto --t 0:5
check 'an infinite derivative' grep -q '^  (tsit5 was chosen: at equal error .*, rodas5p .*' out.txt

# ---- the help's list of methods is the compiler's
says 2 "unknown method 'nosuch'" info arrow.ode --method nosuch
sed -n "s/.*unknown method 'nosuch'; there are //p" err.txt | tr -d ',' >methods
"$odec" run --help | sed -n 's/^ *--method NAME *//p' >help
check 'a list of methods' grep -q '^auto euler .*rodas5p$' methods
check 'the help lists them all' cmp -s methods help

finish
