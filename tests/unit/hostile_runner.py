"""Compiles hostile patterns, each in a forked child with a bound on CPU time and memory.

Usage: python hostile_runner.py FILE; prints one JSON line {"kind", "seconds", "mebibytes"} per case. Not a
test module: `test_regex` starts it in a process of its own, so that one import serves all cases.
"""

import json
import os
import resource
import sys
import time

from structfill.errors import StructfillError
from structfill.front.regex import fullmatch_dfa, pattern_dfa


def peak_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def outcome(pattern, baseline):
    """What compiling ends in, in this process; the address space is bounded, so memory errors show."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (1 << 30), mapped + (1 << 30)))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    before = time.process_time()
    try:
        dfa = pattern_dfa(pattern)
        kind = "ok" if dfa.delta.shape[0] == len(dfa.labels) else "bad"
    except StructfillError as error:
        kind = type(error).__name__
        str(error)
    except BaseException as error:  # also MemoryError and RecursionError: they are what this looks for
        kind = repr(error)[:200]
    return {"kind": kind, "seconds": time.process_time() - before, "mebibytes": peak_mebibytes() - baseline}


def in_child(pattern):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.write(write, json.dumps(outcome(pattern, peak_mebibytes())).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    died = {"kind": f"died with status {status}", "seconds": 0.0, "mebibytes": 0.0}
    return json.loads(text) if text else died


def main(path):
    pattern_dfa("^(?=a)\\bb(?<=c)|\\p{L}$")  # warms every kernel
    fullmatch_dfa("a")
    with open(path) as file:
        for line in file:
            parts = json.loads(line)["parts"]
            print(json.dumps(in_child("".join(text * times for text, times in parts))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
