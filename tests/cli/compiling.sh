#!/bin/sh
# compiling.sh ODEC -- a C compiler that takes its time: the line about it on a terminal, none
# elsewhere, and ^C.
. "$(dirname "$0")/lib.sh"

# A compiler that works for a while first, and leaves what it does with a child of its own.
cat >slow-cc <<'END'
#!/bin/sh
echo started >"$TMPDIR/of-the-compiler"
sleep "${SLOW_SECONDS:-2.4}" || exit 1
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
for how in INT TERM group; do
    SLOW_SECONDS=$hour python3 - "$odec" $how <<'END' || fail "ending a compile by $how"
import os, signal, subprocess, sys, time
odec, how = sys.argv[1:]
p = subprocess.Popen([odec, 'run', 'm.ode', '--cc', './slow-cc', '-o', 'r.npy', '--stats', 's.json'],
                     stderr=open('err.txt', 'w'), stdout=subprocess.DEVNULL, start_new_session=True)
def files():
    return [f for _, _, fs in os.walk('tmp') for f in fs]
while not files():
    assert p.poll() is None, p.poll()
    time.sleep(0.01)
assert files() == ['of-the-compiler'], files() # it works where we clean up
if how == 'group':
    os.killpg(p.pid, signal.SIGINT)
else:
    os.kill(p.pid, signal.SIGINT if how == 'INT' else signal.SIGTERM)
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

# The real compiler, killed at any time on its way, leaves nothing either.
i=0
while [ $i -lt 10 ]; do
    i=$((i + 1))
    rm -rf cache
    "$odec" run "$examples/hodgkin_huxley.ode" --quiet --t 0:1 2>err.txt &
    pid=$!
    sleep 0.0$i
    kill -INT $pid
    wait $pid
done
empty_tmp 'after the real compiler was killed'

finish
