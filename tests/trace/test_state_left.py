"""State that `forward` leaves on the model: put back whatever holds it, harmless where the next call is the same."""

from __future__ import annotations

import builtins
import io
import itertools
import sys
from collections import Counter, OrderedDict, defaultdict, deque

import numpy
import pytest
import torch

import torchdraft
from torchdraft._draft.state.containers import content_of, is_container


class Keeps(torch.nn.Module):
    """Writes into a container of each kind."""

    def __init__(self):
        super().__init__()
        self.queue = deque([1], maxlen=3)
        self.ordered = OrderedDict(a=1)
        self.grouped = defaultdict(list, a=[1])
        self.counted = Counter("aab")
        self.names = {"a"}
        self.array = numpy.zeros(3)
        self.number = numpy.array(0.0)

    def forward(self, x):
        self.queue.append(x)
        self.ordered["b"] = x
        self.grouped["b"].append(2)
        self.counted["a"] += 1
        self.names.add("b")
        self.array[0] += 1
        self.number[...] += 1
        return x * len(self.queue)


def held(model):
    names = ("queue", "ordered", "grouped", "counted", "names", "array", "number")
    return [repr(getattr(model, name)) for name in names]


def test_containers_of_every_kind_are_put_back_and_told():
    model = Keeps()
    before = held(model)
    program = torchdraft.draft_export(model, (torch.ones(2),))
    assert held(model) == before
    told = {issue.expr for issue in program._report.issues if issue.code == "TD402"}
    assert told == {"queue", "ordered", "grouped", "counted", "names", "array", "number"}
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)


class KeepsDeepDown(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [{"keys": [1], "seen": {2}}, deque([numpy.zeros(2)])]

    def forward(self, x):
        self.layers[0]["keys"].append(x)
        self.layers[0]["seen"].add(3)
        self.layers[1][0][0] += 1
        return x * len(self.layers[0]["keys"])


def test_containers_in_containers_are_put_back_and_told():
    model = KeepsDeepDown()
    parts = model.layers, model.layers[0], model.layers[0]["keys"], model.layers[1][0]
    before = repr(model.layers)
    program = torchdraft.draft_export(model, (torch.ones(2),))
    assert repr(model.layers) == before
    kept = model.layers, model.layers[0], model.layers[0]["keys"], model.layers[1][0]
    assert all(now is then for now, then in zip(kept, parts, strict=True))
    (issue,) = program._report.issues
    assert (issue.code, issue.severity, issue.expr) == ("TD402", "baked", "layers")
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)


class KeepsAScope(torch.nn.Module):
    """Holds the names that generated code ran in, as libraries do that write code."""

    def __init__(self):
        super().__init__()
        scope = {}
        exec("def double(x):\n    return x * 2", scope)
        self.generated = {"double": scope["double"], "scope": scope}

    def forward(self, x):
        return self.generated["double"](x)


@pytest.mark.parametrize("names", [vars(builtins), globals(), sys.modules, KeepsAScope().generated["scope"]])
def test_pythons_own_names_are_looked_at_as_one_thing(names):
    assert not is_container(names)
    assert content_of([names])[0] is names


def test_pythons_own_names_are_no_content():
    before = dict(vars(builtins))
    program = torchdraft.draft_export(KeepsAScope(), (torch.ones(2),))
    assert vars(builtins) == before
    assert program._report.issues == ()


class SetsUp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ready = False
        self.length = None
        self.calls = 0

    def forward(self, x):
        if not self.ready:
            self.ready = True
        self.length = x.shape[0]
        self.calls += 1
        return x / self.length


def test_what_every_call_sets_anew_is_a_note():
    issues = torchdraft.draft_export(SetsUp(), (torch.ones(3),))._report.issues
    severities = {issue.expr: str(issue.severity) for issue in issues}
    assert severities == {"ready": "note", "length": "note", "calls": "baked"}


def test_a_dynamic_size_that_every_call_sets_anew_is_a_note():
    rows = {"x": {0: torch.export.Dim.AUTO}}
    program = torchdraft.draft_export(SetsUp(), (torch.ones(3),), dynamic_shapes=rows)
    severities = {issue.expr: str(issue.severity) for issue in program._report.issues}
    assert severities == {"ready": "note", "length": "note", "calls": "baked"}
    assert torch.equal(program.module()(torch.ones(5)), torch.ones(5) / 5)


class NormsWeight(torch.nn.Module):
    """Works its weight out from others, and from what it was before or not."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.direction, self.size = torch.nn.Parameter(torch.rand(3, 3) + 1), torch.nn.Parameter(torch.ones(3, 1))
        self.weight = torch.ones(3, 3)

    def forward(self, x):
        weight = self.size * self.direction / self.direction.norm(dim=1, keepdim=True)
        if self.kind == "decays":
            weight = self.weight * 0.5
        if self.kind == "grows":
            weight = torch.ones(self.weight.shape[0] + 1, 3)
        if self.kind == "of the input":
            weight = weight + x.sum()
        self.weight = weight
        return torch.nn.functional.linear(x, self.weight)


@pytest.mark.parametrize(
    ("kind", "severity"), [("anew", "note"), ("decays", "baked"), ("grows", "baked"), ("of the input", "baked")]
)
def test_a_weight_that_every_call_works_out_anew_is_a_note(kind, severity):
    (issue,) = torchdraft.draft_export(NormsWeight(kind), (torch.ones(2, 3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", severity, "weight")


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("norm", [torch.nn.utils.weight_norm, torch.nn.utils.spectral_norm])
def test_the_hooks_of_torchs_own_norms_leave_a_note(norm):
    report = torchdraft.draft_export(norm(torch.nn.Linear(3, 4)).eval(), (torch.ones(2, 3),))._report
    assert {(issue.code, str(issue.severity)) for issue in report.issues} == {("TD402", "note")}


class Longest(torch.nn.Module):
    """Remembers how long its inputs were so far."""

    def __init__(self):
        super().__init__()
        self.longest = 0

    def forward(self, x):
        self.longest = max(self.longest, x.shape[0])
        return x / self.longest


def test_a_dynamic_size_that_the_next_call_reads_is_baked():
    rows = {"x": {0: torch.export.Dim.AUTO}}
    report = torchdraft.draft_export(Longest(), (torch.ones(3),), dynamic_shapes=rows)._report
    assert [str(issue.severity) for issue in report.issues if issue.expr == "longest"] == ["baked"]


class StartsCold(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = False
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x):
        if not self.seen:
            self.scale.copy_(x.abs().max())
            self.seen = True
        return x / self.scale


def test_a_flag_that_changes_the_next_call_is_baked():
    (issue,) = torchdraft.draft_export(StartsCold(), (torch.tensor([1.0, 2.0]),))._report.issues
    assert (issue.code, issue.expr, str(issue.severity)) == ("TD402", "seen", "baked")


class CountsOnIterator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turns = itertools.count(1)

    def forward(self, x):
        return x * next(self.turns)


def test_a_model_that_differs_from_call_to_call_takes_no_rung_down():
    report = torchdraft.draft_export(CountsOnIterator(), (torch.ones(2),))._report
    assert report.rung == "symbolic"
    assert [issue.code for issue in report.issues] == ["TD904"]


class Factors(torch.nn.Module):
    def forward(self, matrix):
        try:
            return torch.linalg.cholesky(matrix)
        except RuntimeError:
            return matrix + 1


def test_a_failure_that_only_a_real_run_has_is_told():
    matrix = torch.tensor([[1.0, 2.0], [2.0, 1.0]])
    program = torchdraft.draft_export(Factors(), (matrix,))
    assert "TD601" in {issue.code for issue in program._report.issues}
    assert torch.equal(program.module()(matrix), matrix + 1)


class Saves(torch.nn.Module):
    def forward(self, x):
        file = io.BytesIO()
        torch.save({"x": x, "more": [x * 2]}, file)
        file.seek(0)
        return x + sum(t.sum() for t in torch.load(file)["more"])


def test_saving_a_tensor_is_a_read():
    x = torch.tensor([1.0, 2.0])
    program = torchdraft.draft_export(Saves(), (x,))
    assert program._report.rung == "symbolic"
    assert {issue.code for issue in program._report.issues} == {"TD103"}
    assert torch.equal(program.module()(x), Saves()(x))
    with pytest.raises(RuntimeError):
        program.module()(x + 1)


ROUND: list = []


class GoesRound(torch.nn.Module):
    """Writes to a global list that holds itself."""

    def forward(self, x):
        ROUND.append({"list": ROUND, "x": x})
        return x + 1


def test_a_container_that_holds_itself():
    ROUND[:] = [ROUND]
    program = torchdraft.draft_export(GoesRound(), (torch.ones(2),))
    assert "TD403" in {issue.code for issue in program._report.issues}
    assert len(ROUND) == 1
    assert ROUND[0] is ROUND


KINDS: dict = {}
NESTED: dict = {"sizes": []}
READY = False
CALLS = 0
SEEN: list = []


class Scale:
    factor = 2.0


class Remembers(torch.nn.Module):
    """As libraries do: what was looked up once is kept, and so is that something was set up."""

    def forward(self, x):
        global READY, CALLS
        if type(x) not in KINDS:
            KINDS[type(x)] = Scale()
        READY = True
        CALLS += 1
        SEEN.append(len(SEEN))
        if not NESTED["sizes"]:
            NESTED["sizes"].append(3)
        return x * KINDS[type(x)].factor


def test_what_a_second_call_finds_and_does_not_change_is_a_note():
    report = torchdraft.draft_export(Remembers(), (torch.ones(3),))._report
    severities = {i.expr.rpartition(".")[2]: str(i.severity) for i in report.issues if i.code == "TD403"}
    assert severities == {"KINDS": "note", "NESTED": "note", "READY": "note", "CALLS": "baked", "SEEN": "baked"}
    assert (KINDS, NESTED, READY, CALLS, SEEN) == ({}, {"sizes": []}, False, 0, [])


class RemembersTheFirst(torch.nn.Module):
    """The next call reads what this one left."""

    def forward(self, x):
        factor = KINDS.setdefault("first", 5) if KINDS else 2
        KINDS["first"] = 3
        return x * factor


def test_what_makes_the_next_call_another_one_is_baked():
    report = torchdraft.draft_export(RemembersTheFirst(), (torch.ones(3),))._report
    assert [(i.code, str(i.severity)) for i in report.issues] == [("TD403", "baked")]
    assert KINDS == {}


class HoldsItself(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = [2]
        self.parts.append(self.parts)

    def forward(self, x):
        return x * self.parts[1][0]


def test_an_attribute_that_holds_itself():
    program = torchdraft.draft_export(HoldsItself(), (torch.ones(2),))
    assert program._report.issues == ()
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)


class Captures(torch.nn.Module):
    """Sets hooks up in the first call, and keeps what they see for the length of each call."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.seen = None

    def capture(self, _module, _args, output):
        self.seen.append(output)

    def forward(self, x):
        if not getattr(self, "hooked", False):
            for layer in self.layers:
                layer.register_forward_hook(self.capture)
            self.hooked = True
        self.seen = []
        for layer in self.layers:
            x = layer(x)
        seen, self.seen = self.seen, None
        return torch.stack(seen)


def test_hooks_set_up_once_are_a_note():
    model = Captures()
    report = torchdraft.draft_export(model, (torch.ones(3),))._report
    told = {issue.expr.rpartition(".")[2]: (str(issue.severity), issue.occurrences) for issue in report.issues}
    assert told == {"hooked": ("note", 1), "_forward_hooks": ("note", 2)}
    (hooks,) = [issue for issue in report.issues if issue.expr.endswith("_forward_hooks")]
    assert hooks.location.source.strip() == "layer.register_forward_hook(self.capture)"
    assert not any(layer._forward_hooks for layer in model.layers)


class HooksEachTime(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.act.register_forward_hook(lambda _module, _args, output: output * 2)
        return self.act(x)


class HookedOnce(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.ReLU()
        self.handle = self.act.register_forward_pre_hook(lambda _module, args: (args[0] + 1,))

    def forward(self, x):
        x = self.act(x)
        self.handle.remove()
        return x


@pytest.mark.parametrize("model", [HooksEachTime(), HookedOnce()], ids=["added each time", "taken away"])
def test_hooks_that_make_the_next_call_another_are_baked(model):
    report = torchdraft.draft_export(model, (torch.ones(3),))._report
    (issue,) = report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", "baked", "act._forward_hooks")


class Biased(torch.nn.Module):
    """Keeps a table in a buffer that has none yet."""

    def __init__(self, of_input):
        super().__init__()
        self.of_input = of_input
        self.register_buffer("slopes", torch.tensor([0.5, 0.25]))
        self.register_buffer("bias", None, persistent=False)

    def forward(self, x):
        if self.bias is None:
            rows = x.sum(1) if self.of_input else torch.arange(x.shape[0])
            self.bias = -(rows[None] - rows[:, None]).abs() * self.slopes[:, None, None]
        return x + self.bias


@pytest.mark.parametrize(("of_input", "severity"), [(False, "note"), (True, "baked")])
def test_a_buffer_filled_once_is_a_note_where_no_input_is_in_it(of_input, severity):
    (issue,) = torchdraft.draft_export(Biased(of_input), (torch.ones(3, 3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", severity, "bias")
