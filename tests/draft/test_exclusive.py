import builtins
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

import torchdraft
from torchdraft._draft import entry, exclusive
from torchdraft._torch.patching import inventory

assert entry  # its import declares the patches of a draft


class Layers(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.layers = torch.nn.Sequential(*[torch.nn.Linear(8, 8) for _ in range(6)])
        self.factor = factor

    def forward(self, x):
        return self.layers(x) * self.factor


class Branches(Layers):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        return super().forward(x)


def drafted(factor):
    mod, x = Branches(factor), torch.ones(2, 8)
    return torchdraft.draft_export(mod, (x,)).module()(x), mod(x)


def exported(factor):
    mod, x = Layers(factor), torch.ones(2, 8)
    return torch.export.export(mod, (x,)).module()(x), mod(x)


def compiled(factor):
    mod, x = Layers(factor), torch.ones(2, 8)
    torch._dynamo.reset()
    return torch.compile(mod, backend="eager")(x), mod(x)


def repeated(work, factor, times=3):
    return [work(factor) for _ in range(times)]


@pytest.mark.parametrize("beside", [drafted, exported, compiled])
def test_a_draft_beside_another_thread(beside):
    before = {**inventory.current(), "open": builtins.open, "time": time.time, "start": threading.Thread.start}
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(repeated, drafted, 2), pool.submit(repeated, beside, 3)]
        for got, want in [pair for each in work for pair in each.result(timeout=300)]:
            torch.testing.assert_close(got, want)
    after = {**inventory.current(), "open": builtins.open, "time": time.time, "start": threading.Thread.start}
    assert before == after


class Clock(torch.nn.Module):
    """Runs until another thread has read the clock."""

    def __init__(self, other):
        super().__init__()
        self.other = other

    def forward(self, x):
        self.other.wait(60)
        return x + 1


def test_another_threads_clock_is_not_the_models():
    read, done = threading.Event(), threading.Event()

    def watch():
        while not done.is_set():
            time.time()
            read.set()
            time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        report = torchdraft.draft_export(Clock(read), (torch.ones(2),))._report
    finally:
        done.set()
        thread.join()
    assert [issue.code for issue in report.issues if issue.code == "TD404"] == []


def test_a_draft_waits_for_an_export_that_runs(monkeypatch):
    inside, go_on = threading.Event(), threading.Event()
    order = []

    class Slow(torch.nn.Module):
        def forward(self, x):
            inside.set()
            assert go_on.wait(60)
            order.append("exported")
            return x + 1

    thread = threading.Thread(target=lambda: torch.export.export(Slow(), (torch.ones(2),)))
    thread.start()
    assert inside.wait(60)
    waited = []
    monkeypatch.setattr(exclusive.time, "sleep", lambda seconds: (waited.append(seconds), go_on.set(), None)[2])
    torchdraft.draft_export(Layers(1), (torch.ones(2, 8),))
    order.append("drafted")
    thread.join()
    assert order == ["exported", "drafted"]
    assert waited


class Inner(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


class Drafts(torch.nn.Module):
    """Drafts a submodule on its input, and calls the program."""

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        program = torchdraft.draft_export(self.inner, (x,))
        return self.linear(program.module()(x))


def test_a_draft_inside_a_draft():
    mod, x = Drafts(), torch.ones(2, 3)
    program = torchdraft.draft_export(mod, (x,))
    torch.testing.assert_close(program.module()(x), mod(x))
    assert program._report.rung == "concrete"
    assert not [issue for issue in program._report.issues if issue.severity == "baked"]
    with pytest.raises(Exception, match=r"assertion failed|differs"):
        program.module()(-x)
