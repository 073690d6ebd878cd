"""Operators with known shape rules, as custom operators whose kernels torchdraft does not see, and calls of them.

`given` is what a model would call; `draw` gives calls that the written kernel is tested on afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Args = tuple[Any, ...]
R = random.Random(0)
T = torch.randn


@dataclass(frozen=True, slots=True)
class Case:
    """An operator, a call of it, and other calls."""

    name: str
    op: Any
    given: Sequence[Args]
    draw: Callable[[], Args]
    data: bool = False
    """Whether a size is decided by the data."""


CASES: dict[str, Case] = {}


def case(given: Args, draw: Callable[[], Args], *, data: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Registers the decorated function as a custom operator without a fake kernel."""

    def register(function: Callable[..., Any]) -> Any:
        name = function.__name__.strip("_")
        op = torch.library.custom_op(f"torchdraft_kernels::{name}", function, mutates_args=())
        CASES[name] = Case(name, op, [given], draw, data)
        return op

    return register


def n(low: int = 2, high: int = 9) -> int:
    return R.randint(low, high)


def index(count: int, below: int) -> Tensor:
    return torch.randint(0, below, (count,))


def own(x: Tensor) -> Tensor:
    """A contiguous tensor with memory of its own."""
    return x.clone(memory_format=torch.contiguous_format)


def shared(function: Callable[[int], Args]) -> Callable[[], Args]:
    """A draw of calls in which one size occurs several times."""
    return lambda: function(n())


@case((T(3, 4), T(3, 4)), shared(lambda m: (T(m, 5), T(R.choice([1, m]), R.choice([1, 5])))))
def add(x: Tensor, y: Tensor) -> Tensor:
    return x + y


@case((T(3, 4),), lambda: (T(n(), n()),))
def gelu(x: Tensor) -> Tensor:
    return F.gelu(x)


@case((T(3, 4), T(4, 4), T(3, 4)), shared(lambda m: (T(m, 5), T(5, m), T(m, m))))
def addmm(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return own(x @ y) + z.sum()


@case((T(4, 4), T(4, 4)), shared(lambda m: (T(n(), m), T(m, n()))))
def matmul(x: Tensor, y: Tensor) -> Tensor:
    return x @ y


@case((T(2, 4, 4), T(2, 4, 4)), shared(lambda m: (T(3, n(), m), T(3, m, n()))))
def bmm_transposed(x: Tensor, y: Tensor) -> Tensor:
    return own(torch.bmm(x, y).transpose(1, 2))


@case((T(5, 8), T(3, 8), T(3)), shared(lambda m: (T(n(), m), T(k := n(), m), T(k))))
def linear(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.linear(x, w, b)


@case((T(2, 3, 4), T(2, 4, 5)), shared(lambda m: (T(m, n(), 6), T(m, 6, n()))))
def einsum(x: Tensor, y: Tensor) -> Tensor:
    return own(torch.einsum("bij,bjk->kbi", x, y))


@case((T(2, 3), T(4, 5)), lambda: (T(n(), n()), T(n(), n())))
def kron(x: Tensor, y: Tensor) -> Tensor:
    return own(torch.kron(x, y))


@case((T(5), T(7)), lambda: (T(n()), T(n())))
def outer(x: Tensor, y: Tensor) -> Tensor:
    return torch.outer(x, y)


@case((T(5, 3), T(6, 3)), shared(lambda m: (T(n(), m), T(n(), m))))
def cdist(x: Tensor, y: Tensor) -> Tensor:
    return own(torch.cdist(x, y))


def _conv1d() -> Args:
    c = n(1, 4)
    return T(n(), c, n(9, 30)), T(n(), c, n(1, 5)), n(1, 3), n(0, 3)


@case((T(2, 3, 20), T(4, 3, 3), 1, 1), _conv1d)
def conv1d(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    return own(F.conv1d(x, w, None, stride, padding))


def _conv2d() -> Args:
    c = n(1, 4)
    pairs = [n(1, 3), n(1, 3)], [n(0, 3), n(0, 3)], [n(1, 3), n(1, 3)]
    return (T(n(), c, n(12, 30), n(12, 30)), T(n(), c, n(1, 4), n(1, 4)), *pairs)


@case((T(2, 3, 16, 16), T(4, 3, 3, 3), [1, 1], [0, 0], [1, 1]), _conv2d)
def conv2d(x: Tensor, w: Tensor, stride: list[int], padding: list[int], dilation: list[int]) -> Tensor:
    return own(F.conv2d(x, w, None, stride, padding, dilation))


def _transposed() -> Args:
    c = n(1, 4)
    return T(n(), c, n(4, 20)), T(c, n(1, 5), n(3, 6)), n(1, 3), n(0, 1)


@case((T(2, 3, 10), T(3, 4, 3), 2, 1), _transposed)
def conv_transpose1d(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    return own(F.conv_transpose1d(x, w, None, stride, padding))


@case((T(2, 3, 16, 16), 3, 2), lambda: (T(n(), n(), n(8, 30), n(8, 30)), n(1, 5), n(1, 4)))
def max_pool2d(x: Tensor, kernel: int, stride: int) -> Tensor:
    return own(F.max_pool2d(x, kernel, stride))


@case((T(2, 3, 16), 3, 2), lambda: (T(n(), n(), n(8, 30)), k := n(1, 5), n(1, k)))
def avg_pool1d_ceil(x: Tensor, kernel: int, stride: int) -> Tensor:
    return own(F.avg_pool1d(x, kernel, stride, ceil_mode=True))


@case((T(2, 3, 16), 3, 2, 1), lambda: (T(n(), n(), n(8, 30)), k := n(2, 5), n(1, 6), n(0, k // 2)))
def max_pool1d_ceil(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return own(F.max_pool1d(x, kernel, stride, padding, ceil_mode=True))


@case((T(2, 3, 16, 16), [4, 5]), lambda: (T(n(), n(), n(8, 30), n(8, 30)), [n(1, 5), n(1, 4)]))
def adaptive_pool(x: Tensor, size: list[int]) -> Tensor:
    return own(F.adaptive_avg_pool2d(x, size))


@case((T(3, 4), 1, 2), lambda: (T(n(), n()), n(0, 5), n(0, 5)))
def pad(x: Tensor, left: int, right: int) -> Tensor:
    return F.pad(x, [left, right])


@case((T(2, 3, 8, 8), [1, 1, 2, 2]), lambda: (T(n(), n(), n(8, 20), n(8, 20)), [n(0, 4) for _ in range(4)]))
def reflection_pad(x: Tensor, sides: list[int]) -> Tensor:
    return own(F.pad(x, sides, mode="reflect"))


@case((T(3, 12), 4, 2), lambda: (T(n(), n(6, 20)), n(1, 5), n(1, 4)))
def unfold(x: Tensor, size: int, step: int) -> Tensor:
    return own(x.unfold(1, size, step))


@case((T(2, 3, 8, 9), 3, 1), lambda: (T(n(), n(), n(8, 14), n(8, 14)), n(1, 4), n(1, 3)))
def im2col(x: Tensor, kernel: int, stride: int) -> Tensor:
    return own(F.unfold(x, kernel, stride=stride))


@case((T(2, 8, 3, 4), 2), lambda: (T(n(), (r := n(1, 3)) * r * n(1, 3), n(), n()), r))
def pixel_shuffle(x: Tensor, r: int) -> Tensor:
    return own(F.pixel_shuffle(x, r))


@case((T(2, 3, 8, 4), 2), lambda: (T(n(), n(), (r := n(1, 3)) * n(), r * n()), r))
def pixel_unshuffle(x: Tensor, r: int) -> Tensor:
    return own(F.pixel_unshuffle(x, r))


@case((T(2, 3, 5, 6), 2), lambda: (T(n(), n(), n(), n()), n(1, 4)))
def upsample(x: Tensor, scale: int) -> Tensor:
    return own(F.interpolate(x, scale_factor=scale))


@case((T(4, 3), T(4, 3)), shared(lambda m: (T(n(), m), T(n(), m))))
def cat2(x: Tensor, y: Tensor) -> Tensor:
    return torch.cat([x, y])


@case(([T(2, 3), T(2, 3)], 1), shared(lambda m: ([T(m, n()) for _ in range(n(1, 4))], R.choice([1, -1]))))
def cat_list(xs: list[Tensor], dim: int) -> Tensor:
    return own(torch.cat(xs, dim))


@case(([T(2, 3), T(2, 3)], 0), shared(lambda m: ([T(m, 4) for _ in range(n(1, 5))], n(-3, 2))))
def stack(xs: list[Tensor], dim: int) -> Tensor:
    return own(torch.stack(xs, dim))


@case((T(5, 7), 3), lambda: (T(n(), m := n()), n(1, m)))
def topk(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return torch.topk(x, k)


@case((T(5, 7), 1, False), lambda: (T(n(), n()), n(-2, 1), R.choice([True, False])))
def softmax_sum(x: Tensor, dim: int, keepdim: bool) -> Tensor:
    return own(x.softmax(dim).sum(dim, keepdim))


@case((T(5, 7, 3), 1), lambda: (T(n(), n(), n()), n(-3, 2)))
def sort(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    values, places = x.sort(dim)
    return own(values), own(places)


@case((T(6, 4), index(3, 6)), shared(lambda m: (T(m, n()), index(n(), m))))
def gather_rows(x: Tensor, i: Tensor) -> Tensor:
    return x[i]


@case((T(6, 4), torch.randint(0, 3, (5, 4)), 0), shared(lambda m: (T(m, 5), torch.randint(0, m, (n(), 5)), 0)))
def gather(x: Tensor, i: Tensor, dim: int) -> Tensor:
    return x.gather(dim, i)


@case((T(10, 4), torch.randint(0, 10, (2, 3))), shared(lambda m: (T(m, n()), torch.randint(0, m, (n(), n())))))
def embedding(w: Tensor, i: Tensor) -> Tensor:
    return F.embedding(i, w)


@case(
    (T(10, 4), index(6, 10), torch.tensor([0, 2, 4])),
    shared(lambda m: (T(m, n()), index(9, m), torch.tensor([0, 4, 6, 8][: n(1, 4)]))),
)
def embedding_bag(w: Tensor, i: Tensor, offsets: Tensor) -> Tensor:
    return own(F.embedding_bag(i, w, offsets))


@case((T(3, 4), 2), lambda: (T(n(), n()), n(1, 4)))
def repeat_interleave(x: Tensor, times: int) -> Tensor:
    return own(x.repeat_interleave(times, 0))


@case((T(3, 4), [2, 3]), lambda: (T(n(), n()), [n(1, 4), n(1, 4)]))
def repeat(x: Tensor, times: list[int]) -> Tensor:
    return own(x.repeat(times))


@case((T(2, 3, 4),), lambda: (T(n(), n(), n()),))
def flatten(x: Tensor) -> Tensor:
    return own(x.flatten(1))


@case((T(13, 3), 2), lambda: (T(n(2, 30), n()), n(1, 5)))
def every(x: Tensor, step: int) -> Tensor:
    return own(x[::step])


@case((T(2, 16),), lambda: (T(n(), n(4, 20)),))
def rfft(x: Tensor) -> Tensor:
    return own(torch.fft.rfft(x))


@case((T(2, 64), 16, 4), lambda: (T(n(), n(40, 90)), 2 * n(4, 9), n(2, 6)))
def stft(x: Tensor, window: int, hop: int) -> Tensor:
    found = torch.stft(x, window, hop, window=torch.ones(window), return_complex=True)
    return own(torch.view_as_real(found))


@case(
    (T(2, 4, 6, 8), T(2, 4, 5, 8), T(2, 4, 5, 3)),
    shared(lambda m: (T(m, 2, n(), 8), T(m, 2, k := n(), 8), T(m, 2, k, n()))),
)
def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return own((q @ k.transpose(-1, -2)).softmax(-1) @ v)


@case((T(2, 5, 8), 2), lambda: (T(n(), n(), (h := n(1, 4)) * n()), h))
def split_heads(x: Tensor, heads: int) -> Tensor:
    b, s, d = x.shape
    return own(x.view(b, s, heads, d // heads).transpose(1, 2))


@case((torch.tensor([1, 2, 0]), 5), lambda: (index(n(), 4), n(4, 9)))
def one_hot(i: Tensor, classes: int) -> Tensor:
    return own(F.one_hot(i, classes))


@case((T(4, 4),), shared(lambda m: (T(m, m),)))
def tril_pack(x: Tensor) -> Tensor:
    size = x.shape[0]
    rows, columns = torch.tril_indices(size, size)
    return x[rows, columns]


@case((T(1, 3, 8, 8), T(5, 5).abs(), 2), lambda: (T(1, n(), n(5, 9), n(5, 9)), T(n(), 5).abs(), n(1, 4)))
def roi_pool(x: Tensor, rois: Tensor, size: int) -> Tensor:
    return own(F.adaptive_avg_pool2d(x[:1].expand(rois.shape[0], -1, -1, -1), size))


@case((T(2, 5, 8), T(24, 8)), shared(lambda m: (T(n(), n(), m), T(3 * n(), m))))
def qkv_projection(x: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = F.linear(x, w).chunk(3, -1)
    return own(q), own(k), own(v)


@case((T(4, 6) > 0,), lambda: (T(n(), n()) > 0,), data=True)
def nonzero(x: Tensor) -> Tensor:
    return torch.nonzero(x)


@case((T(4, 6), T(4, 6) > 0), lambda: (T(m := n(), 5), T(m, 5) > 0), data=True)
def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked_select(x, mask)


@case((torch.randint(0, 6, (12,)),), lambda: (torch.randint(0, 6, (n(3, 20),)),), data=True)
def unique(x: Tensor) -> tuple[Tensor, Tensor]:
    return torch.unique(x, return_counts=True)


@case((T(8, 4), 0.1), lambda: (T(n(3, 15), 4), 0.1), data=True)
def nms_like(boxes: Tensor, threshold: float) -> Tensor:
    return boxes[boxes[:, 0] > threshold]


@case((T(4, 3), torch.tensor([1, 2, 0, 3])), shared(lambda m: (T(m, n()), torch.randint(0, 4, (m,)))), data=True)
def repeat_rows(x: Tensor, times: Tensor) -> Tensor:
    return x.repeat_interleave(times, 0)
