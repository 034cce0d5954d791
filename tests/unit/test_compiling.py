"""Compiling under a clock, in several threads, and beside a program that collects its garbage as it likes."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import structfill as sf
from structfill.collector import paused_collector
from structfill.deadline import check_time, deadline
from structfill.errors import SpecError, TooLarge

SCHEMAS = [{"properties": {f"p{i}": {"type": "string", "pattern": f"^[a-z]{{{i}}}[^x]*$"}, "n": {"type": "integer"}}}
           for i in range(8)]


def test_a_clock_that_has_run_out():
    with pytest.raises(TooLarge, match=r"seconds would reach .*Limits\(seconds=") as caught:
        sf.compile(sf.json_schema(SCHEMAS[0]), sf.Vocab.bytes(), limits=sf.Limits(seconds=1e-9))
    assert caught.value.limit == "seconds" and caught.value.needed > 1e-9
    assert sf.compile(sf.json_schema(SCHEMAS[0]), sf.Vocab.bytes(), limits=sf.Limits(seconds=600)).states


@pytest.mark.parametrize("seconds", [0, -1, True, "1", float("nan")])
def test_times_that_are_none(seconds):
    with pytest.raises(SpecError, match="seconds"):
        sf.Limits(seconds=seconds)


def test_the_innermost_clock_counts():
    with deadline(1e-9):
        with deadline(None):
            check_time()
        with pytest.raises(TooLarge):
            check_time()
    check_time()


def test_threads_compile_what_one_does():
    alone = [sf.compile(sf.json_schema(schema), sf.Vocab.bytes()) for schema in SCHEMAS]
    start = threading.Barrier(4)

    def work(number):
        start.wait(60)
        order = SCHEMAS[2 * number :] + SCHEMAS[: 2 * number]
        return [sf.compile(sf.json_schema(schema), sf.Vocab.bytes()) for schema in order]

    with ThreadPoolExecutor(4) as pool:
        for number, graphs in enumerate(pool.map(work, range(4))):
            for schema, graph in enumerate(graphs):
                want, got = alone[(schema + 2 * number) % len(SCHEMAS)].to_arrays(), graph.to_arrays()
                assert all(np.array_equal(want[name], got[name]) for name in want if name not in ("meta", "digest"))


def test_the_collector_is_as_it_was():
    assert gc.isenabled()
    with paused_collector():
        assert not gc.isenabled()
        with paused_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
