#!/bin/sh
# compiling.sh ODEC -- a C compiler that takes its time: the line about it on a terminal, none
# elsewhere, ^C and other ends; what it sees of the environment, and options of it.
. "$(dirname "$0")/lib.sh"

# A compiler that works for a while first, and leaves what it does with a child of its own.
cat >slow-cc <<'END'
#!/bin/sh
echo started >"$TMPDIR/of-the-compiler"
sleep "${ODEC_SLOW_SECONDS:-2.4}" || exit 1
exec gcc "$@"
END
chmod +x slow-cc
mkdir tmp
TMPDIR=$work/tmp
export TMPDIR
empty_tmp() {
    [ -z "$(ls -A tmp)" ] || { fail "$1: in \$TMPDIR is $(ls -RA tmp)"; rm -rf tmp/*; }
}

printf "model m\npar k = 1\ninit x = 1\nx' = -k*x\nsolve { t = 0 .. 1 }\n" >m.ode

# on_terminal ARGS...: standard error is a terminal, whose text goes to terminal.txt
on_terminal() {
    python3 - "$odec" "$@" <<'END'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
p = subprocess.Popen(sys.argv[1:], stderr=theirs, stdout=open('out.txt', 'w'))
os.close(theirs)
text = b''
while True:
    try:
        more = os.read(ours, 4096)
    except OSError: # all writers have gone
        break
    if not more:
        break
    text += more
open('terminal.txt', 'wb').write(text)
sys.exit(p.wait())
END
}

on_terminal run m.ode --cc ./slow-cc || fail 'a slow compiler on a terminal'
python3 - <<'END' || fail 'the line on the terminal'
text = open('terminal.txt', encoding='utf-8', newline='').read()
line = '\rcompiling the kernel \u2026 %d s\x1b[K'
assert line % 1 in text and line % 2 in text, repr(text)
assert line % 0 not in text, repr(text)
after = text[text.rindex('kernel'):].split('\x1b[K', 1)[1]
assert after == '\r\x1b[K', repr(after) # wiped, and nothing else
assert len(text.split(line % 1)) <= 13, repr(text)
END
check 'the run was done' grep -q 'm: 1 run, ok' out.txt
empty_tmp 'after a slow compiler'

on_terminal run m.ode --cc ./slow-cc # from the cache
check 'nothing about a kernel that is there' [ ! -s terminal.txt ]
rm -rf cache
on_terminal run m.ode --cc ./slow-cc --quiet || fail 'quietly on a terminal'
check 'nothing where it should be quiet' [ ! -s terminal.txt ]
rm -rf cache
says 0 '' run m.ode --cc ./slow-cc
check 'nothing on a pipe' [ ! -s err.txt ]
empty_tmp 'after all'

# A compiler that fails, late: the line is wiped, then the error.
printf '#!/bin/sh\nsleep 1.3\necho broken >&2\nexit 1\n' >bad-cc
chmod +x bad-cc
on_terminal run m.ode --cc ./bad-cc && fail 'a failed compiler: exit status 0'
python3 - <<'END' || fail 'the error after the line'
text = open('terminal.txt', encoding='utf-8', newline='').read()
assert 's\x1b[K\r\x1b[Kodec: error: the C compiler ./bad-cc failed:\r\nbroken\r\n' in text, repr(text)
END
empty_tmp 'after a failed compiler'

# ^C and termination, to the command alone and, as a terminal does, to all of its group. The
# compiler would work for an hour: who waited for it would not come to an end here.
rm -rf cache
hour=3600.$$ # as no other sleep here
for how in INT TERM HUP group TERM,TERM INT,INT INT,HUP,TERM; do
    ODEC_SLOW_SECONDS=$hour python3 - "$odec" $how <<'END' || fail "ending a compile by $how"
import os, signal, subprocess, sys, time
odec, how = sys.argv[1:]
p = subprocess.Popen([odec, 'run', 'm.ode', '--cc', './slow-cc', '-o', 'r.npy', '--stats', 's.json'],
                     stderr=open('err.txt', 'w'), stdout=subprocess.DEVNULL, start_new_session=True)
def files():
    return [f for _, _, fs in os.walk('tmp') for f in fs]
while 'of-the-compiler' not in files(): # it works where we clean up
    assert p.poll() is None, p.poll()
    time.sleep(0.01)
assert sorted(files()) == ['of-the-compiler', 'owner'], files()
if how == 'group':
    os.killpg(p.pid, signal.SIGINT)
else: # one after the other does no harm
    for name in how.split(','):
        os.kill(p.pid, getattr(signal, 'SIG' + name))
status = p.wait()
assert status == 1, status
END
    check "the message of $how" [ "$(cat err.txt)" = 'odec: error: cancelled' ]
    # Nothing of the compiler stays; what was killed may take a moment.
    while cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -q "[s]leep $hour "; do
        sleep 0.1
    done
    empty_tmp "after $how"
    for file in r.npy r.npy.partial r.npy.partial.json r.json s.json s.json.partial; do
        nothing_at $file
    done
done

# Signals that were ignored stay so, as for a script's "odec ... &" and under nohup.
for how in INT HUP; do
    rm -rf cache
    python3 - "$odec" $how <<'END' || fail "an ignored $how"
import os, signal, subprocess, sys, time
odec, how = sys.argv[1:]
number = getattr(signal, 'SIG' + how)
p = subprocess.Popen([odec, 'run', 'm.ode', '--cc', './slow-cc', '-o', 'r.npy', '--quiet'],
                     preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
                     env=dict(os.environ, ODEC_SLOW_SECONDS='0.3'))
while not any('of-the-compiler' in files for _, _, files in os.walk('tmp')):
    assert p.poll() is None, p.poll()
    time.sleep(0.01)
for _ in range(3):
    os.kill(p.pid, number)
assert p.wait() == 0
END
    check "the result in spite of $how" [ -s r.npy ]
    rm -f r.npy r.status.npy r.json
    empty_tmp "after an ignored $how"
done

# Where odec itself is killed, the next one ends the compiler and clears its directory; not that of
# one at work, nor what only has such a name.
rm -rf cache
for _ in 1 2; do
    ODEC_SLOW_SECONDS=$hour "$odec" run m.ode --cc ./slow-cc --quiet 2>err.txt &
    pid=$!
    until find tmp -name of-the-compiler | grep -q .; do
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2>/dev/null
done
check 'one directory is left' [ "$(ls tmp | wc -l)" = 1 ]
mkdir tmp/odec-plain1 tmp/odec-others tmp/odec-aBcDeF.d tmp/odec-12345
chmod 700 tmp/odec-*
echo kept >tmp/odec-plain1/file
mkfifo tmp/odec-others/owner
ln -s odec-plain1 tmp/odec-linked
ODEC_SLOW_SECONDS=1 "$odec" run m.ode --cc ./slow-cc --quiet >first.txt 2>&1 & # clears
pid=$!
until find tmp -newer m.ode -name of-the-compiler -path '*odec-*' | grep -q .; do
    sleep 0.05
done
says 0 '' run "$examples/lorenz.ode" --quiet --cc gcc # does not take that one's away
wait $pid || fail "the one that clears: $(cat first.txt)"
rm tmp/odec-plain1/file tmp/odec-others/owner tmp/odec-linked || fail 'what is not ours is gone'
rmdir tmp/odec-plain1 tmp/odec-others tmp/odec-aBcDeF.d tmp/odec-12345 ||
    fail 'directories that are not ours are gone'
while cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -q "[s]leep $hour "; do
    sleep 0.1
done
empty_tmp 'after what was killed'

# A limit to its time.
rm -rf cache
ODEC_SLOW_SECONDS=$hour
export ODEC_SLOW_SECONDS
says 1 'odec: error: the C compiler ./slow-cc took longer than 0.3 s, and was ended' \
    run m.ode --cc ./slow-cc --compile-timeout 0.3
says 1 'took longer than 0.3 s' info m.ode --device cpu --cc ./slow-cc --compile-timeout 0.3
unset ODEC_SLOW_SECONDS
says 2 "odec: error: --compile-timeout: '-1' must not be negative" run m.ode --compile-timeout -1
says 2 "odec: error: --compile-timeout: 'soon' is not a number" run m.ode --compile-timeout soon
empty_tmp 'after a compiler that took too long'

# What a compiler gets of the environment, and where.
rm -rf cache
cat >seeing-cc <<'END'
#!/bin/sh
env >seen.txt
mkdir -p "$TMPDIR/a/b"
echo left >"$TMPDIR/a/b/file"
exec gcc "$@"
END
chmod +x seeing-cc
mkdir ./-x
for parent in "$work/tmp" -x tmp ./tmp; do
    rm -rf cache
    GCC_EXEC_PREFIX=/nowhere/ GCC_COMPARE_DEBUG=1 DEPENDENCIES_OUTPUT=$work/dependencies \
        SUNPRO_DEPENDENCIES=$work/dependencies COMPILER_PATH=/nowhere CPATH=/nowhere \
        LD_RUN_PATH=/nowhere LDEMULATION=elf_i386 LANG=de_DE.UTF-8 ODEC_MARK=seen TMPDIR=$parent \
        timeout 60 "$odec" run m.ode --quiet --cc ./seeing-cc 2>err.txt || fail "TMPDIR=$parent: $(cat err.txt)"
    nothing_at dependencies
    check "only what is to be seen with TMPDIR=$parent" \
        [ "$(grep -v '^\(_\|PWD\|SHLVL\|OLDPWD\)=' seen.txt | sed 's/=.*//' | sort | tr '\n' ' ')" = \
          "$(for v in HOME LC_ALL LD_LIBRARY_PATH NVCC_CCBIN ODEC_MARK PATH TMPDIR; do
                 [ $v = LC_ALL ] || [ $v = ODEC_MARK ] || [ $v = TMPDIR ] || printenv $v >/dev/null || continue
                 printf '%s ' $v
             done)" ]
    check 'an absolute TMPDIR' grep -q '^TMPDIR=/' seen.txt
    empty_tmp "after $parent"
    [ -z "$(ls -A ./-x)" ] || fail 'something is left in -x'
done

# Options and launchers, without a shell.
m64=-m64
[ "$(uname -m)" = x86_64 ] || m64=-pipe
for cc in "gcc $m64" '  nice   ./seeing-cc  -pipe ' 'nice -pipe'; do
    rm -rf cache seen.txt
    case $cc in 'nice -pipe') expected=1 ;; *) expected=0 ;; esac # nice is no compiler
    says $expected '' run m.ode --quiet --cc "$cc"
    ODEC_CC=$cc timeout 60 "$odec" run m.ode --quiet 2>err.txt
    check "\$ODEC_CC of '$cc'" [ $? = $expected ]
done
says 1 "odec: error: the C compiler 'gcc -ffast-math': -ffast-math is none of the options that leave results" \
    run m.ode --cc 'gcc -ffast-math'
says 1 "odec: error: the C compiler 'gcc;touch x' is not there or cannot be run" run m.ode --cc 'gcc;touch x'
says 1 "odec: error: the C compiler 'nowhere' is not there or cannot be run" run m.ode --cc 'nice nowhere -m64'
says 1 "odec: error: the C compiler ' ' is not there or cannot be run" run m.ode --cc ' '
nothing_at x
mkdir 'with blanks'
cp seeing-cc 'with blanks/my cc'
rm -rf cache
says 0 '' run m.ode --quiet --cc 'with blanks/my cc'
# Other words are other kernels.
rm -rf cache
says 0 '' run m.ode --quiet --cc gcc
says 0 '' run m.ode --quiet --cc 'gcc -pipe'
check 'a kernel for each' [ "$(ls cache/odec | wc -l)" = 2 ]
empty_tmp 'after options'

# A directory in a kernel's place gives way, and what killed processes left there goes after a while.
rm -rf cache
says 0 '' run m.ode --quiet
entry=$(ls -d cache/odec/*.kernel)
for inside in '' file; do
    rm -rf "$entry"
    mkdir "$entry"
    [ -z "$inside" ] || echo kept >"$entry/file"
    touch -d '2 hours ago' cache/odec/0123456789abcdef.1.2.tmp
    touch cache/odec/0123456789abcdef.3.4.tmp
    says 0 '' run m.ode --quiet
    check 'a kernel where the directory was' [ -f "$entry" ]
    says 0 '' run m.ode --cc gcc
    check 'it is found again' grep -q '(cached)' out.txt
    nothing_at cache/odec/0123456789abcdef.1.2.tmp
    check 'one that may be at work stays' [ -e cache/odec/0123456789abcdef.3.4.tmp ]
done
check 'what was inside is kept' grep -q kept cache/odec/*.directory/file

# The real compiler, killed at any time on its way, leaves nothing either.
i=0
while [ $i -lt 10 ]; do
    i=$((i + 1))
    rm -rf cache
    "$odec" run "$examples/hodgkin_huxley.ode" --quiet --t 0:1 2>err.txt &
    pid=$!
    sleep 0.0$i
    kill -TERM $pid
    wait $pid
done
empty_tmp 'after the real compiler was killed'

finish
