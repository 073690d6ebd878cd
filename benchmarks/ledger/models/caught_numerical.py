"""A decomposition that fails on this matrix, and a sturdier one in its place.

That it fails is seen in a real run only, so the model is recorded whole.
"""

import torch

# expect without a line: TD901


class Factor(torch.nn.Module):
    def forward(self, matrix):
        try:
            return torch.linalg.cholesky(matrix)  # expect: TD601
        except RuntimeError:
            return torch.linalg.cholesky(matrix + 3 * torch.eye(2))


def build():
    return Factor(), (torch.tensor([[1.0, 2.0], [2.0, 1.0]]),)
