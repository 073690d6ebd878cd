"""`torch.nn.TransformerEncoder` with a padding mask, whose eager fast path returns zeros at padded positions."""

import torch

from tests.cases.case import Call, Case, numbers


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        norm = torch.nn.LayerNorm(8)
        torch.nn.init.constant_(norm.bias, 0.5)
        self.plain = torch.nn.TransformerEncoder(layer, 2)
        self.normed = torch.nn.TransformerEncoder(layer, 1, norm=norm)
        self.eval().requires_grad_(False)

    def forward(self, x, lengths):
        padded = torch.arange(x.shape[1]) >= lengths[:, None]
        from_end = padded.flip(1)
        return (
            self.plain(x, src_key_padding_mask=padded),
            self.normed(x, src_key_padding_mask=padded),
            self.plain(x, src_key_padding_mask=from_end),
        )


CASE = Case(
    origin="issue 10, item 4",
    model=Model,
    example=Call(numbers(2, 5, 8), torch.tensor([5, 3])),
    right=(
        Call(numbers(2, 5, 8, seed=1), torch.tensor([2, 5])),
        Call(numbers(3, 7, 8, seed=2), torch.tensor([1, 7, 4])),
        Call(numbers(3, 7, 8, seed=2), torch.tensor([7, 7, 7])),
        Call(numbers(3, 2, 8, seed=3), torch.tensor([1, 2, 1])),
    ),
    dynamic_shapes={
        "x": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.DYNAMIC},
        "lengths": {0: torch.export.Dim.AUTO},
    },
    baked=False,
)
