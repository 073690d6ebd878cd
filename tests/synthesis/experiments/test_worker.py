"""The process of the experiments: what it answers, and how it ends."""

from __future__ import annotations

import os
import time

import pytest

from torchdraft._synthesis.experiments.worker import Crashed, Limits, Worker


def serve(request: object) -> object:
    if request == "exit":
        os._exit(5)
    if request == "hang":
        time.sleep(60)
    if request == "kill":
        os.kill(os.getpid(), 9)
    if request == "memory":
        try:
            bytearray(1 << 31)
        except MemoryError:
            return "refused"
    return [request, os.getpid()]


@pytest.mark.parametrize(("request_", "text"), [("exit", "exit status 5"), ("hang", "no result"), ("kill", "SIGKILL")])
def test_a_crash_is_an_exception_and_the_next_request_gets_a_new_process(request_: str, text: str) -> None:
    with Worker(serve, Limits(seconds=1)) as worker:
        first = worker.ask("a")[1]
        assert first != os.getpid()
        assert worker.ask("b")[1] == first
        with pytest.raises(Crashed, match=text):
            worker.ask(request_)
        assert worker.ask("c")[1] not in (first, os.getpid())
        assert worker.crashes == 1


def test_memory_is_limited() -> None:
    with Worker(serve, Limits(bytes=1 << 28)) as worker:
        assert worker.ask("memory") == "refused"


def test_large_answers_arrive_whole() -> None:
    with Worker(lambda size: "x" * size, Limits()) as worker:
        assert len(worker.ask(1 << 20)) == 1 << 20


def test_no_process_is_left() -> None:
    with Worker(serve, Limits()) as worker:
        child = worker.ask("a")[1]
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
