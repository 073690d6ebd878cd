"""Reads of what is known about an input beside its data and sizes: dtype, layout, strides, offset, `requires_grad`.

torch's own code reads these all the time. Only a read by the user's code counts, and only of an input, of a view of
one, or of what one input alone was converted to: the program is valid for the answer, so the graph asserts it. No
operator can assert `requires_grad` and the like, which are reported alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._stack.display_only import read_is_only_displayed
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import here
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.dispatch import below_transforms, outside_modes
from torchdraft._torch.graph.nodes import write_number_assertion
from torchdraft._torch.symbolic.fake import FAKE_PROPERTIES, FakeTensor
from torchdraft.model.events import MetadataRead

from ..registry import SymbolicTrace, host_read, shape_read

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

acts_for_caller(__file__)

MOST_CONVERSIONS = 4
"""How many operations back a tensor is followed to the input that it was converted from."""

_WHY = "The answer is that of the example, and no operation of the graph depends on it."
_SIZE, _STRIDE = torch.ops.aten.sym_size.int, torch.ops.aten.sym_stride.int
_OFFSET = torch.ops.aten.sym_storage_offset.default


def _dtype(_context: TraceContext, tensor: torch.Tensor) -> str:
    torch.ops.aten._assert_tensor_metadata.default(tensor, None, None, tensor.dtype)
    return "dtype"


def _layout(_context: TraceContext, tensor: torch.Tensor) -> str:
    torch.ops.aten._assert_tensor_metadata.default(tensor, None, None, None, layout=tensor.layout)
    return "dtype"


def _sparse_dimensions(_context: TraceContext, tensor: torch.Tensor) -> str:
    if tensor.layout is not torch.sparse_coo:
        return "dtype"  # any other tensor has none
    indices = torch.ops.aten._indices.default(tensor)
    message = "torchdraft: an input has another number of sparse dimensions than the model read when it was traced"
    asserted = write_number_assertion(_SIZE, indices, (0,), tensor.sparse_dim(), {}, message)
    return "memory" if asserted else "no"


def _strides(context: TraceContext, tensor: torch.Tensor) -> str:
    if tensor.layout is not torch.strided:
        return "no"
    sizes, strides = _sizes(context), tensor.stride()
    relevant = [dim for dim, size in enumerate(tensor.shape) if not (isinstance(size, int) and size == 1)]
    return "memory" if all(_number(tensor, _STRIDE, (dim,), strides[dim], sizes) for dim in relevant) else "no"


def _offset(context: TraceContext, tensor: torch.Tensor) -> str:
    if tensor.layout is not torch.strided:
        return "no"
    return "memory" if _number(tensor, _OFFSET, (), tensor.storage_offset(), _sizes(context)) else "no"


def _nothing(_context: TraceContext, _tensor: torch.Tensor) -> str:
    return "no"


def _number(tensor: torch.Tensor, read: Any, place: tuple[int, ...], want: Any, sizes: Any) -> bool:
    name = "stride" if read is _STRIDE else "storage offset"
    message = f"torchdraft: the {name} of an input differs from what the model read when it was traced"
    return write_number_assertion(read, tensor, place, want, sizes, message)


def _sizes(context: TraceContext) -> dict[Any, tuple[torch.Tensor, int]]:
    """Each symbol that is the size of an input, with the input and the dimension."""
    fakes = [tracked.fake for tracked in context.shape_env.tracked_fakes or ()]
    return {
        size.node.expr: (fake, dim)
        for fake in fakes
        if isinstance(fake, torch.Tensor)
        for dim, size in enumerate(fake.shape)
        if isinstance(size, torch.SymInt) and size.node.expr.is_Symbol
    }


def _read(assertion: Callable[[TraceContext, torch.Tensor], str], *functions: Any, of_shape: bool = False) -> None:
    """Declares functions whose answer `assertion` asserts."""
    for function in functions:
        read = shape_read(function, why=_WHY) if of_shape else host_read(function, asserted=False, why=_WHY)
        read.of_wrapped = True
        read(_answer(function, _name(function), assertion))


def _answer(function: Any, name: str, assertion: Callable[[TraceContext, torch.Tensor], str]) -> Any:
    """torch's own answer. The first such read of a tensor by the user's code is asserted and reported."""

    def answer(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if _called_by_user() and args:
            _note(trace.context, args[0], name, found, assertion)
            if name in _OF_MEMORY and _custom_operator_decides(trace.context, args[0]):
                return _of_the_real_tensor(trace.context, function, args, kwargs, found)
        return found

    return answer


def _name(function: Any) -> str:
    getter = getattr(function, "__self__", None)
    return str(function.__name__ if function.__name__ != "__get__" else getter.__name__)  # type: ignore[union-attr]


def _note(
    context: TraceContext, tensor: Any, name: str, found: Any, assertion: Callable[[TraceContext, torch.Tensor], str]
) -> None:
    tensor = below_transforms(tensor)
    key = (id(tensor), name)
    if key in context.metadata_read or type(tensor) is not FakeTensor or not _of_an_input(context, tensor):
        return
    if read_is_only_displayed():
        return
    context.metadata_read[key] = tensor
    asserted: Any = assertion(context, tensor)
    if asserted != "dtype":  # another dtype or layout is another interface, which every program may refuse
        context.log.emit(MetadataRead(read=name, value=_text(found), asserted=asserted, **here()))


def _text(found: Any) -> str:
    if isinstance(found, torch.UntypedStorage):
        return f"of {found.nbytes()} bytes"  # as text it is its elements
    return str(found)


_OF_MEMORY = {"stride", "is_contiguous", "dim_order", "storage_offset", "is_conj", "is_neg"}
"""Reads of how a tensor lies in memory."""
_NOT_INFERRED = {"storage_offset", "is_conj", "is_neg"}
"""Those of which an inferred output knows nothing."""


def _custom_operator_decides(context: TraceContext, tensor: Any) -> bool:
    """Whether the result of a custom operator may decide how a tensor lies in memory. The program asserts it then."""
    return type(tensor) is FakeTensor and context.hooks.kernels.note_layout_read(context.tape, tensor)


def _of_the_real_tensor(context: TraceContext, function: Any, args: Any, kwargs: Any, found: Any) -> Any:
    """What the real tensor of the example answers where the fake one does not know."""
    if _name(function) not in _NOT_INFERRED:
        return found
    try:
        real = context.reals.tensor(args[0])
    except NoRealValue:
        return found
    with outside_modes():
        return function(real, *args[1:], **kwargs)


def _of_an_input(context: TraceContext, tensor: torch.Tensor) -> bool:
    """Whether a tensor is an input, a view of one, or converted from one."""
    handle, inputs = context.tape.known(tensor), context.input_cells()
    for _ in range(MOST_CONVERSIONS):
        if handle is None:
            return False
        record = handle.cell.version.origin
        if id(handle.cell) in inputs:
            return True
        if record is None or len(record.operands) != 1 or not signature_of(record.func).builtin:
            return False  # the memory of a custom operator's output is its kernel's choice: guards are about it
        handle = record.operands[0].handle
    return False


def _called_by_user() -> bool:
    """Whether the user's code reads. Handlers of function modes lie between, possibly several times, and the property
    of a fake tensor.
    """
    frame: Any = sys._getframe(2)
    while frame is not None and _passes_on(frame.f_code):
        frame = frame.f_back
    return frame is not None and not is_framework(frame.f_code)


def _passes_on(code: CodeType) -> bool:
    return code.co_name == "__torch_function__" or id(code) in FAKE_PROPERTIES


_TENSOR: Any = torch.Tensor
_read(
    _dtype,
    _TENSOR.dtype.__get__,
    _TENSOR.itemsize.__get__,
    _TENSOR.element_size,
    _TENSOR.is_floating_point,
    _TENSOR.is_complex,
    torch.is_floating_point,
    torch.is_complex,
)
_read(_layout, _TENSOR.layout.__get__, _TENSOR.is_sparse.__get__, _TENSOR.is_sparse_csr.__get__)
_read(_sparse_dimensions, _TENSOR.sparse_dim, _TENSOR.dense_dim)
_read(_strides, _TENSOR.stride, of_shape=True)
_read(_strides, _TENSOR.is_contiguous, _TENSOR.dim_order)
_read(_offset, _TENSOR.storage_offset)
_read(
    _nothing,
    _TENSOR.requires_grad.__get__,
    _TENSOR.is_leaf.__get__,
    _TENSOR.grad_fn.__get__,
    _TENSOR.is_coalesced,
    _TENSOR.is_inference,
    _TENSOR.is_conj,
    _TENSOR.is_neg,
    _TENSOR.untyped_storage,
)
