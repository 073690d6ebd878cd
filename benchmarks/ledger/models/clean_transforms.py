"""Nothing wrong: a function over the rows by `vmap`, and a product of Jacobians."""

import torch


class Rows(torch.nn.Module):
    def forward(self, x, y):
        products = torch.vmap(torch.dot)(x, y)
        _, tangent = torch.func.jvp(torch.sin, (x,), (y,))
        return products, tangent


def build():
    return Rows(), (torch.ones(3, 4), torch.ones(3, 4))
