"""Nothing wrong: nested tuples, lists and dictionaries go in and come out."""

import torch


class Merge(torch.nn.Module):
    def forward(self, parts, *, scale=1.0, options=None):
        total = sum(parts["left"]) * scale
        if options is not None and options.get("double"):
            total = total * 2
        return {"total": total, "parts": [part + 1 for part in parts["left"]], "none": None}


def build():
    parts = {"left": [torch.ones(2), torch.ones(2)]}
    return Merge(), (parts,), {"scale": 0.5, "options": {"double": True}}
