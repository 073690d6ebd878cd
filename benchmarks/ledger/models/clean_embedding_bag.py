"""Nothing wrong: lookups, a one-hot encoding of a given width, gather and einsum."""

import torch


class Bags(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = torch.nn.EmbeddingBag(8, 4, mode="sum")

    def forward(self, ids, kind):
        bag = self.bag(ids)
        hot = torch.nn.functional.one_hot(kind, 3).float()
        return torch.einsum("bi,bj->bij", bag, hot), bag.gather(1, kind[:, None])


def build():
    batch = torch.export.Dim("batch")
    args = (torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([0, 1, 2]))
    return Bags(), args, {}, {"ids": {0: batch}, "kind": {0: batch}}
