#!/usr/bin/env python3
"""How busy the machine code of a kernel's hottest loop keeps a Hopper GPU: a model.

    odec emit MODEL --target cuda OPTIONS > k.cu
    nvcc -arch=sm_90 -fmad=false -Xptxas -v -cubin -x cu k.cu -o k.cubin
    NVDISASM=/path/to/nvdisasm tests/cuda/issue_model.py k.cubin REGISTERS  # that ptxas tells

By hand, without a GPU; nvdisasm is in the CUDA toolkit, or in the wheel of Triton. It says what
no compiler's report does: whether a loop that must do F operations on reals does others beside
them, and whether their latencies are covered. It is no measurement.

The hottest loop is the one with the most operations on reals among those that hold no other loop
of more than a few. Branches in it are taken to fall through, and functions that it calls to
take no time: how many calls there are is said. A quarter of a multiprocessor issues one instruction in
a cycle, of a warp that is ready:

  - ready is a warp when the cycles have passed by which its last instruction stalls it, and
    when the scoreboards are clear that it waits for: both are in the instruction's own
    control bits (Jia, Maggioni, Staiger, Scarpazza, Dissecting the NVIDIA Volta GPU
    architecture via microbenchmarking, 2018, section 2.1; the same on Hopper);
  - each of the units takes one instruction in so many cycles as it needs for 32 lanes: 1 for
    single precision, 2 for double precision and integers, 4 for memory, 8 for conversions;
  - as many warps take part as registers allow, in blocks of 128 threads. All go through the
    loop from the start.

Memory and the caches of constants and instructions are taken to answer in a fixed time.
"""
import os
import re
import subprocess
import sys

DOUBLE = ("DFMA", "DMUL", "DADD", "DSETP")
SINGLE = ("FFMA", "FMUL", "FADD")
LOADS = ("LDS", "LDL", "STL", "LDG", "STG", "LD", "ST", "LDC", "ATOMG")
CONVERSIONS = ("MUFU", "F2F", "F2I", "I2F")
CONTROL = ("BRA", "BSSY", "BSYNC", "YIELD", "NOP", "EXIT", "CALL", "RET", "WARPSYNC")

# Cycles from issue until a scoreboard clears: near what Jia et al. and their successors measured.
LATENCY = {"LDS": 30, "LDL": 40, "LDG": 500, "LD": 100, "LDC": 40, "MUFU": 24, "F2F": 30, "I2F": 30}
OPERANDS_READ = 12


def unit_of(name):
    """The unit of an instruction, and the cycles that it is taken for by a warp."""
    if name in DOUBLE:
        return "double", 2
    if name in SINGLE:
        return "single", 1
    if name == "IMAD":
        return "imad", 2
    if name in LOADS:
        return "memory", 4
    if name in CONVERSIONS:
        return "conversion", 8
    if name in CONTROL:
        return "control", 1
    return ("uniform", 2) if name.startswith("U") else ("integer", 2)


class Instruction:
    def __init__(self, text, control):
        self.text = text
        self.name = re.sub(r"^@!?U?P\w+ ", "", text).split()[0].split(".")[0]
        self.unit, self.cycles = unit_of(self.name)
        self.stall = max(control >> 41 & 15, 1)
        self.written = control >> 46 & 7  # the scoreboard that its result clears; 7: none
        self.read = control >> 49 & 7  # ... that clears once its operands are read
        self.waits = control >> 52 & 63  # a bit for each scoreboard


def disassemble(cubin):
    """Instructions and labels."""
    tool = os.environ.get("NVDISASM", "nvdisasm")
    text = subprocess.run([tool, "-hex", cubin], capture_output=True, text=True, check=True).stdout
    instructions, labels, pending = [], {}, None
    for line in text.split("\n"):
        label = re.match(r"\s*(\.L_\w+):", line)
        first = re.match(r"\s*/\*[0-9a-f]+\*/\s+(.*?);\s+/\* 0x[0-9a-f]{16} \*/", line)
        second = re.match(r"\s*/\* 0x([0-9a-f]{16}) \*/", line)
        if label:
            labels[label.group(1)] = len(instructions)
        elif first:
            pending = first.group(1)
        elif second and pending:
            instructions.append(Instruction(pending, int(second.group(1), 16)))
            pending = None
    return instructions, labels


def n_reals(loop):
    return sum(i.name in DOUBLE[:3] + SINGLE for i in loop)


def hottest_loop(instructions, labels):
    ranges = []
    for at, instruction in enumerate(instructions):
        target = re.search(r"BRA.*`\((\.L_\w+)\)", instruction.text)
        begin = labels.get(target.group(1), at + 1) if target else at + 1
        if begin <= at:
            ranges.append((begin, at + 1))
    inner = [
        (b, e)
        for b, e in ranges
        if not any(b <= c and d <= e and (b, e) != (c, d) and n_reals(instructions[c:d]) > 8
                   for c, d in ranges)
    ]
    begin, end = max(inner, key=lambda r: n_reals(instructions[r[0] : r[1]]))
    return instructions[begin:end]


def cycles_each(loop, n_warps, n_times=200):
    """Cycles of a quarter for one warp's time through the loop, with n_warps under way."""
    at, ready, done = [0] * n_warps, [3 * w for w in range(n_warps)], [0] * n_warps
    clear = [[0] * 8 for _ in range(n_warps)]
    free = {}
    now = last = 0
    while min(done) < n_times:
        for k in range(n_warps):  # the last one goes on as long as it can
            w = (last + k) % n_warps
            i = loop[at[w]]
            waits = any(i.waits >> s & 1 and clear[w][s] > now for s in range(6))
            if done[w] < n_times and ready[w] <= now and free.get(i.unit, 0) <= now and not waits:
                free[i.unit] = now + i.cycles
                clear[w][i.written] = max(clear[w][i.written], now + LATENCY.get(i.name, 30))
                clear[w][i.read] = max(clear[w][i.read], now + OPERANDS_READ)
                ready[w] = now + i.stall
                at[w] = (at[w] + 1) % len(loop)
                done[w] += at[w] == 0
                last = w
                break
        now += 1
    return now / (n_times * n_warps)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    loop = hottest_loop(*disassemble(sys.argv[1]))
    n_calls = sum(i.name == "CALL" for i in loop)
    registers = int(sys.argv[2])
    n_warps = min(65536 // ((registers + 7) // 8 * 8 * 128), 16)
    units = {}
    for i in loop:
        units[i.unit] = units.get(i.unit, 0) + 1
    cycles = cycles_each(loop, n_warps)
    peak = 2 if any(i.name in DOUBLE[:3] for i in loop) else 1
    print(f"{len(loop)} instructions in the loop: " + ", ".join(f"{n} {u}" for u, n in units.items()))
    print(f"{registers} registers: {n_warps} warps in a quarter of a multiprocessor")
    if n_calls:
        print(f"{n_calls} calls of functions that are not counted")
    print(f"{cycles:.1f} cycles each; of the rate of operations on reals {peak * n_reals(loop) / cycles:.3f}")


if __name__ == "__main__":
    main()
