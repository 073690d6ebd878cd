import torch

import torchdraft


class Sums(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.total = torch.zeros(3)

    def forward(self, x):
        self.total = self.total + x
        return x * self.total


class Adds(Sums):
    def forward(self, x):
        self.total = self.total.add(x)
        return x * 2


class Counts(Sums):
    def forward(self, x):
        self.calls = x.sum()
        return x


def code_of(model):
    (issue,) = torchdraft.draft_export(model, (torch.ones(3),))._report.issues
    assert issue.code == "TD402"
    assert issue.mend
    return issue.code_to_write.splitlines()


def test_a_tensor_of_one_shape_becomes_a_buffer():
    registration, write = code_of(Sums())
    assert registration.startswith('self.register_buffer("total", …)')
    assert write == "self.total.copy_(self.total + x)"
    assert code_of(Adds())[1] == "self.total.copy_(self.total.add(x))"


def test_with_the_code_plain_export_keeps_the_state():
    class Mended(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("total", torch.zeros(3))

        def forward(self, x):
            self.total.copy_(self.total + x)
            return x * self.total

    program, eager = torch.export.export(Mended(), (torch.ones(3),)).module(), Sums()
    for _ in range(3):
        assert torch.equal(program(torch.ones(3)), eager(torch.ones(3)))


def test_an_attribute_that_was_none_has_no_code():
    assert code_of(Counts()) == []
