"""An unregistered dataclass goes in, another one comes out."""

from dataclasses import dataclass

import torch


@dataclass
class Request:
    ids: torch.Tensor
    mask: torch.Tensor


@dataclass
class Reply:
    logits: torch.Tensor


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(8, 4)

    def forward(self, request):  # expect: TD501
        pooled = (self.embedding(request.ids) * request.mask[..., None]).sum(1)
        return Reply(pooled)  # expect: TD502


def build():
    return Classifier(), (Request(torch.tensor([[1, 2, 3]]), torch.ones(1, 3)),)
