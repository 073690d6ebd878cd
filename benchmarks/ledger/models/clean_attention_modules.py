"""Nothing wrong: torch's attention module and its fused function, with a dynamic length."""

import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = torch.nn.LayerNorm(8)

    def forward(self, x):
        y, _ = self.attention(x, x, x, need_weights=False)
        x = self.norm(x + y)
        heads = x.unflatten(-1, (2, 4)).transpose(1, 2)
        return torch.nn.functional.scaled_dot_product_attention(heads, heads, heads, is_causal=True)


def build():
    shapes = {"x": {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", min=2)}}
    return Block().eval(), (torch.ones(2, 5, 8),), {}, shapes
