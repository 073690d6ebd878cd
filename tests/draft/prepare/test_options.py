"""Options of `draft_export` that are wrong: each is an error that shows the expected form."""

import re

import pytest
import torch

import torchdraft
from torchdraft._draft.prepare.options import check_switch, checked_kwargs, checked_trusted_ops

X = torch.ones(2, 3)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Linear(3, 3))

    def forward(self, x):
        return self.encoder(x)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"trusted_ops": "mylib"}, TypeError, "write trusted_ops=['mylib']"),
        ({"trusted_ops": 5}, TypeError, "expected: a list of namespaces and operators"),
        ({"trusted_ops": [5]}, TypeError, "trusted_ops has 5"),
        ({"trusted_ops": ["mylib.foo"]}, ValueError, "write 'mylib::foo'"),
        ({"trusted_ops": ["torch.ops.mylib.foo.default"]}, ValueError, "write 'mylib::foo'"),
        ({"trusted_ops": ["mylib::"]}, ValueError, "trusted_ops has 'mylib::'"),
        ({"memory_budget": -1}, ValueError, "memory_budget=-1\nexpected: a number of bytes that is not negative"),
        ({"memory_budget": float("nan")}, ValueError, "memory_budget=nan"),
        ({"memory_budget": "2g"}, TypeError, "memory_budget='2g'\nexpected: a number of bytes"),
        ({"memory_budget": None}, TypeError, "memory_budget=None"),
        ({"memory_budget": True}, TypeError, "memory_budget=True"),
        ({"strict": "no"}, TypeError, "strict='no'\nexpected: True or False"),
        ({"pre_dispatch": X}, TypeError, "pre_dispatch=a Tensor"),
        ({"check_on_example": "always"}, TypeError, "check_on_example='always'"),
        ({"paths": "both"}, ValueError, 'paths=\'both\'\nexpected: "example", "all"'),
        ({"preserve_module_call_signature": "encoder"}, TypeError, "a tuple of dotted names"),
        ({"preserve_module_call_signature": ("encodr",)}, ValueError, "the model has 'encoder'"),
        ({"kwargs": [1]}, TypeError, "kwargs is a list"),
        ({"kwargs": {1: X}}, TypeError, "kwargs has the key 1"),
        ({"dynamic_shapes": "batch"}, TypeError, "dynamic_shapes is 'batch'"),
    ],
)
def test_a_wrong_option_shows_the_expected_form(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        torchdraft.draft_export(Net(), (X,), **options)


@pytest.mark.parametrize(
    ("mod", "args", "message"),
    [
        (Net, (X,), "write Net(…)"),
        (torch.relu, (X,), "wrap a function in a module"),
        (Net(), [X], "for one input write (x,)"),
    ],
)
def test_a_wrong_model_or_arguments_that_are_no_tuple(mod, args, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        torchdraft.draft_export(mod, args)


def test_a_limit_that_is_no_number():
    with pytest.raises(TypeError, match="PathBudget"):
        torchdraft.PathBudget(paths="many")
    with pytest.raises(ValueError, match="not negative"):
        torchdraft.PathBudget(seconds=-1)


@pytest.mark.parametrize("names", [(), ["*"], {"mylib"}, ("mylib::foo", "mylib::foo.out", "mylib")])
def test_trusted_operators_in_every_form(names):
    assert checked_trusted_ops(names) == tuple(names)


def test_what_torch_takes_is_taken():
    for value in (True, False, None, 0, 1):
        check_switch("strict", value)
    assert checked_kwargs(None) == {}
    assert torchdraft.draft_export(
        Net(), (X,), preserve_module_call_signature=("encoder.0",), memory_budget=1e6
    )._report.successful()


def test_shapes_of_a_tensor_that_is_no_input():
    shapes = torch.export.ShapesCollection()
    shapes[torch.ones(2)] = {0: torch.export.Dim("d")}
    with pytest.raises(ValueError, match="a ShapesCollection, does not fit the inputs"):
        torchdraft.draft_export(Net(), (X,), dynamic_shapes=shapes)
