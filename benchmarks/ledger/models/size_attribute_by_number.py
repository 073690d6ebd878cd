"""A layer looked up by a name that holds a number from the input."""

import torch


class Routes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.route_0 = torch.nn.Linear(2, 2)
        self.route_1 = torch.nn.Linear(2, 2)

    def forward(self, x, route):
        layer = getattr(self, f"route_{int(route)}")  # expect: TD102
        return layer(x)


def build():
    return Routes(), (torch.ones(1, 2), torch.tensor(1))
