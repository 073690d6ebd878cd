import inspect
import random

import pytest
import torch

import torchdraft
from torchdraft.model import Location
from torchdraft.rules.rewrites.random_calls import in_torch


def at(text, before="        y = x * "):
    return Location("/app/m.py", 3, "f", f"{before}{text} + 1", len(before), len(before) + len(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("random.random()", "torch.rand(()).item()"),
        ("random.uniform(lo, 2 * hi)", "torch.empty(()).uniform_(lo, 2 * hi).item()"),
        ("random.randint(1, 6)", "torch.randint(1, 7, ()).item()"),
        ("random.randint(a, b)", "torch.randint(a, b + 1, ()).item()"),
        ("random.randrange(n)", "torch.randint(n, ()).item()"),
        ("random.gauss(0.0, s)", "torch.normal(0.0, s, ()).item()"),
        ("np.random.rand()", "torch.rand(()).item()"),
    ],
)
def test_calls_are_written_with_torch(text, code):
    assert in_torch(at(text)) == code


@pytest.mark.parametrize(
    "text",
    [
        "random.random(",
        "random.shuffle(x)",
        "random.uniform(*ab)",
        "random.randint(a=1, b=2)",
        "rng.random()",
        "time.time()",
    ],
)
def test_other_code_is_left(text):
    assert in_torch(at(text)) == ""
    assert in_torch(Location("/app/m.py", 3, "f", text)) == ""
    assert in_torch(None) == ""


class Noisy(torch.nn.Module):
    def forward(self, x):
        return x * random.random() + random.uniform(0, 1) + random.randint(1, 6) + random.gauss(0.0, 1.0)


class Mended(torch.nn.Module):
    def forward(self, x):
        x = x * torch.rand(()).item() + torch.empty(()).uniform_(0, 1).item()
        return x + torch.randint(1, 7, ()).item() + torch.normal(0.0, 1.0, ()).item()


def test_the_code_to_write_mends_the_issue():
    args = (torch.ones(3),)
    baked = [i for i in torchdraft.draft_export(Noisy(), args)._report.issues if i.code == "TD404"]
    assert len(baked) == 4
    assert all(issue.replacement in inspect.getsource(Mended) for issue in baked)
    assert "TD404" not in {i.code for i in torchdraft.draft_export(Mended(), args)._report.issues}
    torch.export.export(Mended(), args)
