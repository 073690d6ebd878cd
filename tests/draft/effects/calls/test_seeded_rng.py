"""Random numbers drawn after a seed that `forward` sets: constants of the program."""

import copy
import io

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import torchdraft

X = torch.linspace(-1, 1, 12).view(3, 4)


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


class Makes(nn.Module):
    def forward(self, x):
        g = seeded()
        return x + torch.randn(4, generator=g) * torch.rand(3, 1, generator=g) + torch.randperm(4, generator=g)


class MakesInts(nn.Module):
    def forward(self, x):
        return x[:, torch.randint(0, 4, (6,), generator=seeded())]


class MakesNormal(nn.Module):
    def forward(self, x):
        return x * torch.normal(0.0, 2.0, (3, 4), generator=seeded())


class MakesLike(nn.Module):
    def forward(self, x):
        torch.manual_seed(5)
        return torch.rand_like(x) + x * torch.randn_like(x, dtype=torch.float64)


class Fills(nn.Module):
    def forward(self, x):
        g = seeded()
        y = torch.empty(4, 3).T.normal_(generator=g) + x.new_zeros(3, 4).uniform_(-1, 1, generator=g)
        return y * x.clone().bernoulli_(0.5, generator=g)


class FillsHalf(nn.Module):
    def forward(self, x):
        y = x.clone()
        y[:, ::2].exponential_(generator=seeded())
        return y


class Drops(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.ReLU(), nn.Dropout(0.25, inplace=True))

    def forward(self, x):
        torch.manual_seed(11)
        return self.layers(x)


class SeedsAgain(nn.Module):
    def forward(self, x):
        for _ in range(3):
            torch.manual_seed(0)
            x = x + torch.randn(4)
        return x


class Forks(nn.Module):
    def forward(self, x):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            noise = torch.randn(4)
        return x + noise


class Initializes(nn.Module):
    def forward(self, x):
        torch.manual_seed(0)
        return x @ nn.init.xavier_uniform_(torch.empty(4, 4))


class SeedsItsOwn(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(8)

    def forward(self, x):
        self.generator.manual_seed(8)
        return x + torch.rand(4, generator=self.generator)


class Restores(nn.Module):
    def __init__(self):
        super().__init__()
        self.state = seeded().get_state()

    def forward(self, x):
        g = torch.Generator()
        g.set_state(self.state)
        return x + torch.rand(4, generator=g)


CONSTANT = [
    *(Makes, MakesInts, MakesNormal, MakesLike, Fills, FillsHalf, Drops, SeedsAgain, Forks, Initializes, SeedsItsOwn),
    Restores,
]


@pytest.mark.parametrize("model", CONSTANT)
def test_every_call_gives_what_eager_gives(model):
    model = model()
    torch.manual_seed(0)  # what some of them set themselves
    program = torchdraft.draft_export(model, (X,))
    assert {(issue.code, str(issue.severity)) for issue in program._report.issues} == {("TD405", "note")}
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    for module in (program.module(), torchdraft.load(file).module()):
        for x in (X, X + 1, X * 2):
            torch.testing.assert_close(module(x), model(x))


@pytest.mark.parametrize("model", CONSTANT)
def test_random_states_are_left_alone(model):
    model = model()
    own = getattr(model, "generator", None)
    before = torch.get_rng_state(), own.get_state() if own is not None else None
    torchdraft.draft_export(model, (X,))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert own is None or torch.equal(own.get_state(), before[1])


class MakesPerRow(nn.Module):
    def forward(self, x):
        return x + torch.randn(x.shape[0], 4, generator=seeded())


def test_a_dimension_that_the_numbers_are_counted_by_is_fixed_aloud():
    program = torchdraft.draft_export(MakesPerRow(), (X,), dynamic_shapes={"x": {0: torch.export.Dim.AUTO}})
    assert {issue.code for issue in program._report.issues} == {"TD202", "TD405"}
    torch.testing.assert_close(program.module()(X + 1), MakesPerRow()(X + 1))
    with pytest.raises(AssertionError, match=r"size\(\)\[0\] == 3"):
        program.module()(torch.ones(5, 4))


class CountsData(nn.Module):
    def forward(self, x):
        return torch.rand(int(x.sum()), generator=seeded())


def test_a_count_that_is_data_is_asserted():
    program = torchdraft.draft_export(CountsData(), (torch.ones(4),))
    assert [issue.code for issue in program._report.issues if issue.severity.value != "note"] == ["TD102"]
    assert torch.equal(program.module()(torch.tensor([2.0, 1.0, 1.0, 0.0])), CountsData()(torch.ones(4)))
    with pytest.raises(RuntimeError):
        program.module()(torch.ones(4) * 2)


class Decides(nn.Module):
    def forward(self, x):
        torch.manual_seed(1)
        return x * 2 if torch.rand(()) > 0.5 else x * 3


def test_a_branch_on_them_is_no_assumption_on_the_input():
    program = torchdraft.draft_export(Decides(), (X,))
    assert not [issue for issue in program._report.issues if issue.severity.value != "note"]
    assert torch.equal(program.module()(X + 1), Decides()(X + 1))


class Samples(nn.Module):
    def forward(self, x):
        return torch.bernoulli(x.sigmoid(), generator=seeded()) + x


class SamplesSeeded(nn.Module):
    def forward(self, x):
        torch.manual_seed(2)
        return torch.multinomial(x.softmax(-1), 2)


@pytest.mark.parametrize("model", [Samples, SamplesSeeded])
def test_draws_that_depend_on_the_input_are_right_or_raise(model):
    program = torchdraft.draft_export(model(), (X,))
    assert [issue for issue in program._report.issues if issue.severity.value != "note"]
    for _ in range(2):
        torch.testing.assert_close(program.module()(X), model()(X))
    with pytest.raises(RuntimeError):
        program.module()(X + 1)


GLOBAL = torch.Generator().manual_seed(4)


class DrawsFromItsOwn(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(8)

    def forward(self, x):
        return x + torch.rand(4, generator=self.generator)


class DrawsFromAGlobal(nn.Module):
    def forward(self, x):
        return x + torch.rand(4, generator=GLOBAL)


class Draws(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=True) + torch.randn(4)


@pytest.mark.parametrize("model", [DrawsFromItsOwn, DrawsFromAGlobal, Draws])
def test_numbers_that_differ_from_call_to_call_stay_random(model):
    program = torchdraft.draft_export(model(), (X,))
    assert "TD405" not in {issue.code for issue in program._report.issues}
    module = program.module()
    assert not torch.equal(module(X), module(X))


class BranchesOnItsOwn(DrawsFromItsOwn):
    def forward(self, x):
        first, second = torch.rand(1, generator=self.generator), torch.rand(1, generator=self.generator)
        return x + 1 if first > second else x - 1


@pytest.mark.parametrize("seed", range(4))
def test_a_branch_on_numbers_of_a_generator_goes_the_way_of_eager(seed):
    model = BranchesOnItsOwn()
    model.generator.manual_seed(seed)
    program = torchdraft.draft_export(model, (X,), check_on_example=False)
    way = program._report.issues[0].value
    model.generator.manual_seed(seed)
    assert torch.equal(model(X), X + 1 if way == "True" else X - 1)


def test_a_generator_that_is_not_seeded_is_where_it_was():
    model = DrawsFromItsOwn()
    other = copy.deepcopy(model.generator.get_state())
    torchdraft.draft_export(model, (X,))
    assert torch.equal(model.generator.get_state(), other)
