"""The pipeline, readable top to bottom."""
from __future__ import annotations

from typing import Any

from ._torch.export import export
from ._torch.fake import higher_order_rules
from ._trace.mode import DraftMode
from ._trace.session import Session


def draft_export(mod, args, kwargs=None, *, dynamic_shapes=None, preserve_module_call_signature=(), strict=False,
                 pre_dispatch=True, prefer_deferred_runtime_asserts_over_guards=False):
    session = Session(budget=2 << 30)
    try:
        with higher_order_rules(DraftMode):
            ep = export(mod, args, kwargs or {}, mode=session.mode, dynamic_shapes=dynamic_shapes, strict=False,
                    pre_dispatch=pre_dispatch, preserve_module_call_signature=preserve_module_call_signature,
                    prefer_deferred_runtime_asserts_over_guards=prefer_deferred_runtime_asserts_over_guards)
    finally:
        session.close()
    ep._session = session
    return ep
