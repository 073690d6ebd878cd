"""Branches whose numbers of dimensions differ, over several lines."""

import torch


class Pool(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):
            y = torch.cond(  # expect: TD602
                x.mean() > 0,
                lambda x: x * 2,
                lambda x: x.sum(1),
                (x,),
            )
        return y + 1


def build():
    return Pool(), (torch.ones(3, 3),)
