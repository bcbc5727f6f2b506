"""faults.py ODEC FAULTS.so README.md -- the command is killed, and gets an error, at each
call that touches the files it writes (faults.c), with what may have been there before. Whenever it
is: no file under its final name is anything but whole; files of two results never stand together
or pass the reader's check (README's five lines); a note is true of what it stands beside; an
earlier partial result stays until the new one has results; exit status 0 means all is there; and
after a kill the same command does its work. Bytes, then names, are flushed to disk."""
import atexit, json, os, re, shutil, signal, subprocess, sys, tempfile

odec, faults, readme = map(os.path.abspath, sys.argv[1:4])
# In memory, where that is: flushing to a disk takes the time of this test.
scratch = tempfile.mkdtemp(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None)
programs = tempfile.mkdtemp()
os.environ['TMPDIR'] = tempfile.mkdtemp(dir=programs)  # an odec whose locks work clears up after one that has none
atexit.register(lambda: [shutil.rmtree(d, ignore_errors=True) for d in (scratch, programs)])
check_text = re.search(r"```python\n(import json, zlib\n.*?)```", open(readme).read(), re.S).group(1)
assert len(check_text.splitlines()) == 5 and 'sweep.json' in check_text, check_text
MODEL = """model m
par a = 1
init x = 1, y = 2
x' = -a*x
y' = x
solve { method = rk4; dt = 0.5; t = 0 .. 1; save = n 3 }
"""
RUNS, ROW = 150, 3 * 2 * 8
os.environ['XDG_CACHE_HOME'] = scratch + '/cache'
failures = []


def files_of(folder):
    return {n: open(os.path.join(folder, n), 'rb').read() for n in sorted(os.listdir(folder))
            if os.path.isfile(os.path.join(folder, n))}


def run(folder, arguments, fault=None, env=()):
    """Exit status (negative: killed), messages, and the calls as (name, file)."""
    log = scratch + '/log'
    if os.path.exists(log):
        os.unlink(log)
    environment = dict(os.environ, **dict(env))
    if fault is not None:
        environment.update(LD_PRELOAD=faults, FAULT=fault, FAULT_LOG=log)
    p = subprocess.run([odec, *arguments], cwd=folder, env=environment, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    calls = [tuple(line.split(' ', 2)[1:]) for line in open(log).read().splitlines()] \
        if os.path.exists(log) else []
    return p.returncode, p.stderr.decode(), calls


def fresh(name, contents=()):
    folder = f'{scratch}/{name}'
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for file, data in dict(contents).items():
        os.makedirs(os.path.dirname(f'{folder}/{file}'), exist_ok=True)
        open(f'{folder}/{file}', 'wb').write(data)
    return folder


def whole(name, arguments):
    folder = fresh(name, {'m.ode': MODEL.encode()})
    status, words, _ = run(folder, arguments)
    assert status == 0, words
    return {n: d for n, d in files_of(folder).items() if n != 'm.ode'}


def passes_check(folder):
    try:
        exec(check_text.replace('sweep.json', 'r.json'), {'open': lambda n, *how: open(f'{folder}/{n}', *how)})
        return True
    except (OSError, ValueError):
        return False


def rows(data, form, first, end):
    """The bytes of some runs, in whichever place."""
    if form == 'csv':
        lines = data.splitlines(keepends=True)[1:]
        return [l for l in lines if first <= int(l.split(b',')[0]) < end]
    return data[128 + first * ROW:128 + end * ROW]


def look_at_note(now, form, new, former):
    note, partial = f'r.{form}.partial.json', f'r.{form}.partial'
    if note not in now:
        return
    said = json.loads(now[note])
    if said['batch'] == 'former':
        for file in former:
            assert now.get(file) == former[file], f'{file} is not that of its note'
        return
    assert said['runs'] == RUNS, said
    for first, end in said['complete']:
        assert rows(now[partial], form, first, end) == rows(new[f'r.{form}'], form, first, end), 'a note that lies'
        if form == 'npy':
            status = now['r.status.npy.partial']
            assert status[128 + first:128 + end] == new['r.status.npy'][128 + first:128 + end], 'status'


def look_at_result(folder, now, form, old, new):
    """Old or new, each file, and all of those that are there the same."""
    names = [n for n in new if n.startswith('r.')]
    there = {n: now[n] for n in names if n in now}
    for result in (old, new):
        if all(result.get(n) == d for n, d in there.items()):
            break
    else:
        raise AssertionError('files of two results, or one that is not whole')
    if form == 'npy' and passes_check(folder):
        assert set(there) == set(names), 'the check passes, and a file is missing'
    if form == 'npy' and there == new:
        assert passes_check(folder)
    if 's.json' in old:
        assert now['s.json'] == old['s.json'] or json.loads(now['s.json'])['runs'] == RUNS


def first_result(calls, form):
    """The number of the call that takes away what an earlier run has left."""
    return next(i for i, call in enumerate(calls, 1) if call == ('unlink', f'r.{form}.partial.json'))


def each_fault(what, arguments, before, look):
    """look(folder, status, words, calls) after each fault until there is none any more."""
    n_faults = 0
    for how in 'kill', 'error':
        n = 0
        while True:
            n += 1
            folder = fresh('work', before)
            status, words, calls = run(folder, arguments, f'{n}:{how}')
            if len(calls) < n:
                assert status == 0, words
                break
            call = calls[n - 1]
            n_faults += 1
            try:
                assert status == (-signal.SIGKILL if how == 'kill' else status), (status, words)
                assert how == 'kill' or status in (0, 1), (status, words)
                look(folder, status, words, n, call)
                if how == 'kill':
                    status, words, _ = run(folder, arguments)
                    assert status == 0, 'then: ' + words
                    look(folder, status, words, n, ('', ''))
            except (AssertionError, ValueError, KeyError) as error:
                failures.append(f'{what}: {how} at {n}, {" ".join(call)}: {error!r}')
                print('FAILED:', failures[-1])
    print(f'{what}: {n_faults} faults')


def look_at_order(calls):
    """Each file is on the disk before it gets a name, and its directory after."""
    n_renamed = 0
    for i, (call, name) in enumerate(calls):
        if call == 'rename':
            n_renamed += 1
            source, target = name.split()
            last = [c for c, f in calls[:i] if f in (source, source + '.new') and c in ('write', 'fsync')][-1]
            assert last == 'fsync', (i, name, calls)
            folder = os.path.dirname(target) or '.'
            assert calls[i + 1:i + 3] == [('open', folder), ('fsync', folder)], (i, name, calls)
    assert n_renamed, calls


def results(form, has_old, has_former):
    base = ['run', 'm.ode', '--chunk', '50', '--threads', '1', '--quiet', '-o', f'r.{form}', '--stats', 's.json']
    arguments = base + ['--sweep', f'a=0:1:{RUNS}']
    new = whole('new', arguments)
    old = whole('old', base + ['--sweep', 'a=1:2:40']) if has_old else {}
    former = {}
    if has_former:
        other = whole('former', base + ['--sweep', 'a=2:3:60'])
        former = {f'{n}.partial': d for n, d in other.items() if not n.endswith('.json')}
        former[f'r.{form}.partial.json'] = b'{"runs": 60, "complete": [[0, 60]], "bytes": 1, "batch": "former"}\n'
    before = {'m.ode': MODEL.encode(), **old, **former}
    _, _, calls = run(fresh('work', before), arguments, '0')
    look_at_order(calls)
    begins = first_result(calls, form)
    wrote = next(i for i, c in enumerate(calls, 1) if c == ('write', f'r.{form}.partial.new'))
    assert wrote < begins, calls

    def look(folder, status, words, n, call):
        now = files_of(folder)
        look_at_result(folder, now, form, old, new)
        look_at_note(now, form, new, former)
        if status == 0:
            assert {n: d for n, d in now.items() if n.startswith('r.') and 'partial' not in n} == \
                {n: d for n, d in new.items() if n.startswith('r.')}, 'exit 0 without the new result'
            assert json.loads(now['s.json'])['runs'] == RUNS
            assert not [n for n in now if 'partial' in n], sorted(now)
            return
        if n < begins or status < 0 and n == begins:
            assert {n: d for n, d in now.items() if n in former} == former, 'the former partial result is gone'
        if status == 1:
            assert re.search('^odec: error: cannot write ', words, re.M), words
            assert call[0] == 'unlink' or not [n for n in now if n.endswith('.new')], 'a .new is left'

    each_fault(f'{form}, {"" if has_old else "no "}old, {"" if has_former else "no "}former', arguments,
               before, look)


def saved(what, arguments, other):
    new, old = whole_tree('new', arguments), whole_tree('old', other)
    before = {'m.ode': MODEL.encode(), **old}

    look_at_order(run(fresh('work', before), arguments, '0')[2])

    def look(folder, status, words, n, call):
        now = tree(folder)
        for name in new:
            assert now.get(name) in (old.get(name), new[name]), f'{name} is not whole'
        assert status != 0 or all(now[n] == new[n] for n in new), 'exit 0 without the new files'
        assert status != 1 or re.search('^odec: error: cannot ', words, re.M), words

    each_fault(what, arguments, before, look)


def tree(folder):
    return {os.path.relpath(f'{d}/{n}', folder): open(f'{d}/{n}', 'rb').read()
            for d, _, names in os.walk(folder) for n in names if n != 'm.ode'}


def whole_tree(name, arguments):
    folder = fresh(name, {'m.ode': MODEL.encode()})
    status, words, _ = run(folder, arguments)
    assert status == 0, words
    return tree(folder)


def without_locks():
    """A second process is not refused where there are none; whoever began first finds out."""
    base = ['run', 'm.ode', '--threads', '1', '--quiet', '-o', 'r.npy', '--cc']
    slow, go = programs + '/slow-cc', scratch + '/go'
    open(slow, 'w').write(f'#!/bin/sh\n: >{scratch}/started\nuntil [ -e {go} ]; do sleep 0.02; done\nexec gcc "$@"\n')
    os.chmod(slow, 0o700)
    folder = fresh('work', {'m.ode': MODEL.encode()})
    env = dict(os.environ, LD_PRELOAD=faults, FAULT_LOCKS='none')
    first = subprocess.Popen([odec, *base, slow, '--sweep', 'a=1:2:40'], cwd=folder, env=env, stderr=subprocess.PIPE)
    while not os.path.exists(scratch + '/started'):
        assert first.poll() is None
    status, words, _ = run(folder, base + ['gcc', '--sweep', f'a=0:1:{RUNS}'], env={'LD_PRELOAD': faults, 'FAULT_LOCKS': 'none'})
    assert status == 0 and words == \
        'odec: warning: no locks where r.npy is: let no other process write it meanwhile\n', words
    new = files_of(folder)
    open(go, 'w')
    words = first.communicate(timeout=60)[1].decode()
    assert first.returncode == 1, words
    assert 'odec: error: cannot write r.npy: another process has begun to write it\n' in words, words
    assert files_of(folder) == new and passes_check(folder), 'a mixture'
    print('without locks: the one that began first finds out')


for form in 'npy', 'csv':
    for has_old, has_former in (False, False), (True, True):
        results(form, has_old, has_former)
saved('info --plot', ['info', 'm.ode', '--method', 'rodas4', '--plot', 'p.svg'],
      ['info', 'm.ode', '--method', 'rosenbrock23', '--plot', 'p.svg'])
saved('build', ['build', 'm.ode', '-o', 'made', '--device'], ['build', 'm.ode', '-o', 'made', '--method', 'tsit5'])
without_locks()
sys.exit(len(failures) > 0)
