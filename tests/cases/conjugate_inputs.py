"""Inputs that are lazy conjugate and negative views."""

import torch

from tests.cases.case import Call, Case, numbers

Z = torch.complex(numbers(3), numbers(3, seed=1))


class Model(torch.nn.Module):
    def forward(self, z, w):
        if w[0] > z.imag[0]:
            return z * 2, w + 1
        return z, w


CASE = Case(
    origin="engine item 2: views of user tensors",
    model=Model,
    example=Call(Z.conj(), Z.conj().imag * 1 + 5),
    right=(Call(Z.conj() * 2, Z.real + 9),),
    other=(Call(Z.conj(), Z.real - 9),),
)
