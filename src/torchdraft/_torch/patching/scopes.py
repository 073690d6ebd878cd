"""The scopes of patches: each is a stretch of time during which its patches are in force."""

from __future__ import annotations

from .registry import Scope

EXCLUSIVE = Scope("EXCLUSIVE", "while a draft runs, around everything else in it")
CALL = Scope("CALL", "while `draft_export`, `verify`, `save` or `load` runs")
MODEL = Scope("MODEL", "during one symbolic attempt, around everything else in it")
TRACE = Scope("TRACE", "during one symbolic attempt: while export traces the model's Python code on fake tensors")
GRADIENTS = Scope("GRADIENTS", "during an attempt to trace a model that computes gradients, inside TRACE")
STRICT = Scope("STRICT", "during one strict attempt: while Dynamo interprets the model's bytecode")
EXPORT = Scope("EXPORT", "while `torch.export._trace._export` runs, inside TRACE or STRICT")
PATH = Scope("PATH", "while one of several paths through the model is traced, inside TRACE")
MERGED = Scope("MERGED", "while the merged graph of several paths is traced, inside TRACE")
BINDINGS = Scope("BINDINGS", "while export rewrites the unbacked bindings of its graph, inside EXPORT")
RECORDING = Scope("RECORDING", "while `make_fx` records a submodule's run on real tensors, inside TRACE")
RECORDED_RUN = Scope("RECORDED_RUN", "while a recorded submodule's own `forward` runs, inside RECORDING and REAL_RUN")
REAL_RUN = Scope("REAL_RUN", "while a submodule's own `forward` runs on real tensors, inside TRACE")
LOAD = Scope("LOAD", "while `torch.export.load` reads a program")
COMPILE = Scope("COMPILE", "while AOTInductor compiles a program that is shipped, inside SHIP")
SHIP = Scope("SHIP", "while a program whose guards are carried in its graph is prepared and translated for a runtime")
VERIFY = Scope("VERIFY", "while `verify` calls the model on copies of its parameters")

SCOPES = (
    EXCLUSIVE,
    CALL,
    MODEL,
    TRACE,
    GRADIENTS,
    STRICT,
    EXPORT,
    PATH,
    MERGED,
    BINDINGS,
    RECORDING,
    RECORDED_RUN,
    REAL_RUN,
    LOAD,
    SHIP,
    COMPILE,
    VERIFY,
)
