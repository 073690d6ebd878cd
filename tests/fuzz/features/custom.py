"""Calls of custom operators. `custom_ops` describes the error in each fake kernel."""

from __future__ import annotations

from ..builder import Builder, is_float
from .registry import Writer, feature

_FORMS = {
    "custom_good": "{out} = torch.ops.fuzz.scale({one}, 0.5)",
    "custom_missing": "{out} = torch.ops.fuzz.shift({one})",
    "custom_optional": "{out} = torch.ops.fuzz.shift({one}, {one}[0])",
    "custom_data_size": "{out} = torch.ops.fuzz.keep_positive({one}).sum()",
    "custom_list": "{out} = torch.ops.fuzz.halves({one})[0]",
    "custom_writes": "torch.ops.fuzz.bump_({one})",
    "custom_writes_view": "torch.ops.fuzz.bump_({one}[0])",
    "custom_writes_missing": "{out} = torch.ops.fuzz.bump_and_sum_({one})",
    "custom_int": "{out} = torch.ops.fuzz.positives({one}) + 1",
    "custom_wrong_shape": "{out} = torch.ops.fuzz.flip({one})",
    "custom_wrong_dtype": "{out} = torch.ops.fuzz.widen({one})",
    "custom_wrong_strides": "{out} = torch.ops.fuzz.turn({one})",
    "custom_offset": "{out} = torch.ops.fuzz.window({one})",
    "custom_raising": "{out} = torch.ops.fuzz.grumpy({one})",
}


def _writer(form: str) -> Writer:
    def write(b: Builder) -> str | None:
        one = b.pick(is_float)
        return None if one is None else form.format(out=b.new(), one=one)

    return write


for _name, _form in _FORMS.items():
    feature(_name, weight=0.25)(_writer(_form))
