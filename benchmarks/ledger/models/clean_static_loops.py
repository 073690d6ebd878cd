"""Nothing wrong: nested loops over settings, layers by name, early `continue` and `break` by configuration."""

import torch


class Pyramid(torch.nn.Module):
    def __init__(self, levels=3, skip=1):
        super().__init__()
        self.levels, self.skip = levels, skip
        for level in range(levels):
            self.add_module(f"level_{level}", torch.nn.Conv1d(2, 2, 3, padding=1))

    def forward(self, x):
        outputs = {}
        for level in range(self.levels):
            if level == self.skip:
                continue
            x = getattr(self, f"level_{level}")(x).relu()
            outputs[f"p{level}"] = torch.nn.functional.max_pool1d(x, 2)
            if len(outputs) == 2:
                break
        return outputs


def build():
    return Pyramid(), (torch.ones(1, 2, 8),)
