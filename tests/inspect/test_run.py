import torch

import torchdraft
from torchdraft._inspect.run import example_of, run


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return {"y": x * 2, "n": 3}
        return {"y": x, "n": 3}


PROGRAM = torchdraft.draft_export(Net(), (torch.ones(2),))


def test_what_it_returns():
    args, kwargs = example_of(PROGRAM)
    assert run(PROGRAM, args, kwargs).described() == {"output['y']": "float32[2] all 2", "output['n']": "3"}


def test_the_assumption_that_an_input_breaks():
    outcome = run(PROGRAM, (-torch.ones(2),), {})
    assert outcome.failure.kind == "assertion"
    assert outcome.failure.location.source.strip() == "if x.sum() > 0:"
    assert [issue.code for issue in outcome.issues] == ["TD101"]


def test_arguments_of_another_structure():
    outcome = run(PROGRAM, (torch.ones(2), torch.ones(2)), {})
    assert outcome.failure is not None
    assert outcome.issues == ()
