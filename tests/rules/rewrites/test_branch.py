"""A branch as `torch.cond`: the code is what plain export accepts, and computes what the branch computes."""

import cProfile
import linecache
import pstats
import textwrap

import pytest
import torch

from torchdraft.model import Location
from torchdraft.rules.rewrites.branch import branch_as_cond

BEFORE = "import torch\n\nclass Model(torch.nn.Module):\n    def forward(self, x, y):\n"


def located(tmp_path, body):
    """The location of the first `if` in a `forward` with this body, and the lines of the file."""
    file = tmp_path / "m.py"
    file.write_text(BEFORE + textwrap.indent(textwrap.dedent(body).strip(), " " * 8) + "\n")
    linecache.checkcache(str(file))
    lines = file.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.strip().startswith("if "))
    return Location(str(file), line), lines


def model(source):
    names = {}
    exec(source, names)
    return names["Model"]()


PLAIN = {
    "assignment": ("if x.sum() > 0:\n    y = y * 2 + x\nreturn y", 2),
    "assignment with else": ("if x.sum() > y.max():\n    z = x * 2\nelse:\n    z = torch.relu(y)\nreturn z + 1", 4),
    "returns": ("if x.sum() > 0:\n    return x\nelse:\n    return x - y", 4),
    "return behind": ("if (x > 0).any():\n    return x + y\nreturn y", 3),
    "item": ("if x.sum().item() > 0:\n    return x + y\nreturn y", 3),
    "torch.any": ("if torch.any(x > 1):\n    y = -y\nreturn y", 2),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_export_takes_the_code_and_both_sides_are_right(tmp_path, name):
    body, replaced = PLAIN[name]
    location, lines = located(tmp_path, body)
    code = branch_as_cond(location)
    first = location.line - 1
    mended = [*lines[:first], " " * 8 + code, *lines[first + replaced :]]
    old, new = model("\n".join(lines)), model("\n".join(mended))
    program = torch.export.export(new, (torch.ones(3), torch.arange(3.0))).module()
    for x in (torch.ones(3), -torch.ones(3), torch.full((3,), 5.0)):
        assert torch.equal(program(x, torch.arange(3.0)), old(x, torch.arange(3.0)))


@pytest.mark.parametrize(
    "body",
    [
        "if x.sum() > 0 and y.sum() > 0:\n    y = y * 2\nreturn y",
        "if not x.any():\n    y = y * 2\nreturn y",
        "if 0 < x.sum() < 5:\n    y = y * 2\nreturn y",
        "if x.sum() > 0:\n    y = 3\nreturn x * y",
        "if x.sum() > 0:\n    print(x)\nreturn y",
        "if x.sum() > 0:\n    y = y * 2\n    x = x * 2\nreturn x + y",
        "if x.sum() > 0:\n    y, x = x, y\nreturn y",
        "if x.sum() > 0:\n    y += 1\nreturn y",
        "if x.sum() > 0:\n    return x\ny = y + 1\nreturn y",
        "if x.sum() > 0:\n    y = x\nelif x.sum() < -1:\n    y = -x\nreturn y",
        "if x.sum() > 0:\n    raise ValueError\nreturn y",
    ],
)
def test_other_branches_are_left_alone(tmp_path, body):
    location, _ = located(tmp_path, body)
    assert branch_as_cond(location) == ""


def test_without_source_there_is_no_code():
    assert branch_as_cond(Location("<stdin>", 1)) == ""


def _calls_for(branches, folder):
    """How many calls it takes to rewrite every branch of a function."""
    file = folder / f"of_{branches}.py"
    sides = "".join(f"    if x[{n}] > 0:\n        y = y + x\n" for n in range(branches))
    file.write_text(f"def f(x):\n    y = x\n{sides}    return y\n")
    lines = [Location(str(file), 3 + 2 * n, "f", "") for n in range(branches)]
    profile = cProfile.Profile()
    written = profile.runcall(lambda: [branch_as_cond(line) for line in lines])
    assert all(text.startswith("y = torch.cond(x[") for text in written)
    return pstats.Stats(profile).total_calls


def test_the_work_grows_with_the_number_of_branches_and_not_with_its_square(tmp_path):
    assert _calls_for(400, tmp_path) < 6 * _calls_for(100, tmp_path)
