"""Reports that the tests of the page look at, besides those of `tests/sample_reports.py`."""

from __future__ import annotations

from dataclasses import replace

from tests.sample_reports import BRANCH, BRANCHES, CLOCK, FULL, KERNEL, MUTATION
from torchdraft.model import Issue, Location, Report, Severity, Stats
from torchdraft.model.listing import ListedNode, ListedPlace, Listing

MODEL = "/app/model.py"
ENCODER = "/app/encoder.py"
SOURCES = {
    MODEL: "import torch\n" + "\n" * 26 + "class Net:\n"
    "    def forward(self, x, lens):\n        return self.encoder(x, lens)\n",
    ENCODER: "\n" * 8
    + "class Encoder:\n"
    + "    def forward(self, x, lens):\n        # the longest\n        if lens.max().item() > 5 and self.ready:\n"
    + "            x = x.clamp(\n                min=0,\n                max=1,\n            )\n        return x\n",
}
PLACES = (
    ListedPlace(file=ENCODER, line=12, function="forward"),
    ListedPlace(file=ENCODER, line=14, function="forward"),
)


def node(name, target="aten.add.Tensor", inputs=(), module="encoder.0", **fields):
    return ListedNode(name=name, target=target, inputs=inputs, module=module, **{"value": "f32[2, s0]", **fields})


LISTING = Listing(
    nodes=(
        node("p_weight", "encoder.0.weight", kind="weight", module=""),
        node("x", "x", kind="input", module=""),
        node("lens", "lens", kind="input", module="", value="i64[2]"),
        node("max_1", "aten.max.default", (2,), value="i64[]", place=0, code="lens"),
        node("item", "aten.item.default", (3,), value="u0", place=0, code="max_1"),
        node("gt", "gt", (4,), value="u0 > 5", place=0, code="item, 5"),
        node(
            "_assert_scalar", "aten._assert_scalar.default", (5,), value="", place=0, code="gt, 'u0 > 5'", issues=(1,)
        ),
        node("linear", "aten.linear.default", (1, 0), module="encoder.0.lin"),
        node("clamp", "aten.clamp.default", (7,), place=1, code="linear, 0, 1"),
        node("foo", "mylib.foo.default", (8,), module="encoder.1", issues=(4,)),
        node("output", "output", (9,), kind="output", module="", value=""),
    ),
    places=PLACES,
    modules={"": "Net", "encoder": "Encoder", "encoder.0": "Block", "encoder.0.lin": "Linear", "encoder.1": "Block"},
    ranges={"s0": "[2, ∞]"},
    sources=SOURCES,
)
EXPRESSIONS = {
    0: {"method": "aten.item.default", "result": "u0", "result_id": 0, "arguments": [], "argument_ids": [],
        "user_stack": [{"filename": ENCODER, "line": 12, "name": "forward", "loc": "if lens"}]},
    1: {"method": "integer", "result": "5", "result_id": 1, "arguments": [], "argument_ids": [], "user_stack": []},
    2: {"method": "gt", "result": "u0 > 5", "result_id": 2, "arguments": ["u0", "5"], "argument_ids": [0, 1],
        "user_stack": []},
}  # fmt: skip
TRACED = replace(BRANCH, data={**BRANCH.data, "expr_node_id": 2})
PAGE = replace(
    FULL,
    issues=(CLOCK, TRACED, *FULL.issues[2:], KERNEL),
    paths=BRANCHES.paths,
    listing=LISTING,
    expressions_created=EXPRESSIONS,
    op_profiles={"mylib::foo": frozenset({"OpProfile(a)"})},
)
"""A report with everything that a page shows."""

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "&lt;b&gt;`*_[a](javascript:alert(1))"
)
"""Text that would change a page that takes text as HTML."""


def hostile():
    """A report with hostile text wherever a model, its source or its inputs bring text in."""
    at = Location(f"/app/{HOSTILE}.py", 1, HOSTILE, HOSTILE, 0, 5)
    issue = Issue(
        code="TD101",
        name=HOSTILE,
        severity=Severity.GUARDED,
        message=HOSTILE,
        location=at,
        user_stack=(at, at),
        expr=HOSTILE,
        value=HOSTILE,
        symbols={HOSTILE: f"{HOSTILE} at {HOSTILE}.py:1"},
        locals={HOSTILE: HOSTILE},
        modules=(HOSTILE,),
        node=HOSTILE,
        replacement=HOSTILE,
        code_to_write=HOSTILE,
        data={"fix": HOSTILE, "op": f"a.{HOSTILE}"},
    )
    listing = Listing(
        nodes=tuple(
            node(HOSTILE, HOSTILE, module=HOSTILE, code=HOSTILE, value=HOSTILE, place=0, issues=(0,), kind=kind)
            for kind in ("input", "call", "call", "call", "output")
        ),
        places=(ListedPlace(file=at.file, line=1, function=HOSTILE),),
        modules={HOSTILE: HOSTILE},
        ranges={HOSTILE: HOSTILE},
        sources={at.file: HOSTILE + "\n"},
    )
    bad = "lone \ud800 surrogate"
    return replace(
        PAGE,
        issues=(issue, replace(MUTATION, message=bad)),
        listing=listing,
        model=HOSTILE,
        op_profiles={f"a::{HOSTILE}": frozenset({HOSTILE})},
        versions={HOSTILE: HOSTILE},
        dimensions=tuple(replace(each, name=HOSTILE, reason=HOSTILE) for each in FULL.dimensions),
        rungs=tuple(replace(each, reason=HOSTILE) for each in FULL.rungs),
        paths=tuple(replace(each, condition=HOSTILE) for each in BRANCHES.paths),
    )


def large(nodes=10_000, issues=500, flat=False):
    """A report of a large program: forty layers of four blocks each, or one module with all nodes."""
    blocks = [f"layers.{layer}.{part}" for layer in range(40) for part in ("norm", "attn", "mlp", "out")]
    each = max(1, nodes // len(blocks))
    text = "\n".join(f"        x = self.step_{line}(x)" for line in range(1, 801)) + "\n"
    listed = []
    for number in range(nodes):
        module = "" if flat else blocks[min(number // each, len(blocks) - 1)]
        inputs = tuple(sorted({max(0, number - 1), max(0, number - 7)} - {number}))
        listed.append(
            node(
                f"n{number}",
                inputs=inputs,
                module=module,
                place=number % 797,
                issues=(number // 20,) if number % 20 == 0 and number // 20 < issues else (),
            )
        )
    places = tuple(ListedPlace(file=MODEL, line=line + 1, function="forward") for line in range(800))
    found = tuple(
        replace(
            BRANCH,
            location=Location(MODEL, n + 1, "Net.forward", f"        x = self.step_{n + 1}(x)", 8, 16),
            user_stack=(),
            expr=f"u{n} > {n}",
            node=f"n{20 * n}",
            occurrences=1,
            modules=(),
            data={},
        )
        for n in range(issues)
    )
    modules = {"": "Net"} | dict.fromkeys(blocks, "Block")
    listing = Listing(nodes=tuple(listed), places=places, modules=modules, sources={MODEL: text})
    return Report(model="Large", issues=found, listing=listing, stats=Stats(ops_traced=nodes, seconds={"total": 9.0}))
