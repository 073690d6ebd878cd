"""Generates programs: `generate(seed, index)` is deterministic."""

from __future__ import annotations

import ast
import random
import re
from dataclasses import replace

import torch

from .builder import Builder, indent
from .features import FEATURES
from .features.regions import REGIONS
from .inputs import write_inputs
from .program import PRELUDE, Program, Statement

ATTEMPTS_PER_STATEMENT = 6
VARIABLE = re.compile(r"v\d+|[a-f]|[a-f]_(one|two)")


def generate(seed: int, index: int) -> Program:
    """Program number `index` of a run with this seed."""
    rng = random.Random(f"torchdraft {seed} {index}")
    builder = Builder(rng, write_inputs(rng))
    for _ in range(rng.choice([2, 3, 4, 5, 6, 8, 10])):
        grow(builder)
    returned, form = write_return(builder)
    source, outlined = render(builder, returned)
    features = {feature for statement in builder.statements for feature in (statement.feature, *statement.extra)}
    features |= {*builder.spec.features, form, *outlined}
    return Program(f"fuzz_{seed}_{index}", source, tuple(sorted(features)))


def grow(builder: Builder) -> None:
    """Adds one statement, or opens or closes a region."""
    rng = builder.rng
    if builder.region is None and rng.random() < 0.06:
        builder.region = rng.choice(list(REGIONS.values()))
    elif builder.region is not None and rng.random() < 0.4:
        builder.region = None
    names = list(FEATURES)
    weights = [FEATURES[name].weight for name in names]
    for _ in range(ATTEMPTS_PER_STATEMENT):
        feature = FEATURES[rng.choices(names, weights)[0]]
        text = feature.write(builder)
        if text is not None and builder.emit(text, feature.name):
            break
    if builder.region is not None and builder.statements and builder.statements[-1].region == builder.region:
        name = next(name for name, line in REGIONS.items() if line == builder.region)
        builder.statements[-1] = replace(builder.statements[-1], extra=(name,))


def write_return(builder: Builder) -> tuple[str, str]:
    """The expression to return, and the form of the output."""
    rng = builder.rng
    values = builder.variables(lambda value: isinstance(value, (torch.Tensor, int, float, list)))
    made = [name for name in values if name not in builder.spec.names]
    chosen = made[-rng.randint(1, 5) :] or values[:1]
    if rng.random() < 0.25:
        chosen = [*chosen, rng.choice(values)]
    if rng.random() < 0.1 and isinstance(builder.value(chosen[0]), torch.Tensor):
        chosen[0] = f"{chosen[0]}.view_as({chosen[0]})"
    forms = {"single": 0.8, "tuple": 3.0, "list": 0.7, "dict": 1.0, "nested": 0.7, "none": 0.4, "result": 0.3}
    form = rng.choices(list(forms), list(forms.values()))[0]
    joined = ", ".join(chosen)
    text = {
        "single": chosen[-1],
        "tuple": f"({joined},)",
        "list": f"[{joined}]",
        "dict": "{" + ", ".join(f"'k{i}': {name}" for i, name in enumerate(chosen)) + "}",
        "nested": f"({chosen[0]}, {{'rest': [{joined}]}})",
        "none": f"({joined}, None)",
        "result": f"Result({chosen[-1]}, {chosen[0]})",
    }[form]
    return text, f"output_{form}"


# -- the text


def render(builder: Builder, returned: str) -> tuple[str, tuple[str, ...]]:
    """The whole source, with some statements moved into submodules, and the features that this adds."""
    statements = list(builder.statements)
    classes, state, features = list(builder.classes), dict(builder.state), []
    known = set(builder.spec.names) | {name for statement in statements for name in stored(statement.text)}
    for number in range(builder.rng.choice([0, 0, 0, 1, 1, 2])):
        if (moved := outline(builder.rng, statements, number, known, returned)) is not None:
            statements, source = moved
            classes.append(source)
            state[f"sub{number}"] = f"self.sub{number} = Sub{number}()"
            features.append("submodule")
    body = [*builder.spec.prologue, *regions(statements), f"return {returned}"]
    text = "\n".join(body)
    init = [line for name, line in state.items() if re.search(rf"self\.{name}\b", text)]
    parts = [PRELUDE, *classes]
    if "Result(" in text:
        parts.append("@dataclasses.dataclass\nclass Result:\n    main: object\n    extra: object = None")
    parts += [module_source("Fuzz", init, builder.spec.signature, body), builder.spec.source]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n", tuple(features)


def regions(statements: list[Statement]) -> list[str]:
    """The statements as text. Adjacent statements of one region share one `with`."""
    lines: list[str] = []
    open_region: str | None = None
    for statement in statements:
        if statement.region is not None and statement.region == open_region:
            lines[-1] += "\n" + indent(statement.text)
        else:
            lines.append(statement.lines)
        open_region = statement.region
    return lines


def module_source(name: str, init: list[str], signature: str, body: list[str]) -> str:
    """The source of a module's class."""
    lines = [f"class {name}(nn.Module):"]
    if init:
        lines += ["    def __init__(self):", "        super().__init__()", *(indent(line, 8) for line in init), ""]
    return "\n".join([*lines, f"    def forward({signature}):", *(indent(line, 8) for line in body)])


def outline(
    rng: random.Random, statements: list[Statement], number: int, known: set[str], returned: str
) -> tuple[list[Statement], str] | None:
    """Moves consecutive statements into a submodule. The variables they read become its inputs, those used later its
    outputs.
    """
    if not statements:
        return None
    start = rng.randrange(len(statements))
    stop = min(len(statements), start + rng.randint(1, 4))
    moved = statements[start:stop]
    if any("self." in s.text or s.region for s in moved):
        return None
    before = set(known) - {name for s in statements[start:] for name in stored(s.text)}
    before |= {name for s in statements[:start] for name in stored(s.text)}
    reads = sorted({name for s in moved for name in loaded(s.text)} & before)
    later = {name for text in (*(s.text for s in statements[stop:]), returned) for name in loaded(text)}
    writes = sorted({name for s in moved for name in stored(s.text)} & later & known)
    if not reads or not writes:
        return None
    source = module_source(
        f"Sub{number}", [], ", ".join(["self", *reads]), [*regions(moved), f"return {', '.join(writes)}"]
    )
    call = f"{', '.join(writes)} = self.sub{number}({', '.join(reads)})"
    extra = tuple({s.feature for s in moved})
    return [*statements[:start], Statement(call, "submodule", extra=extra), *statements[stop:]], source


def stored(text: str) -> set[str]:
    """Variables that the text assigns."""
    return names_in(text, ast.Store)


def loaded(text: str) -> set[str]:
    """Variables that the text reads."""
    return names_in(text, ast.Load)


def names_in(text: str, context: type[ast.expr_context]) -> set[str]:
    """Variables used in this context, without loop variables and imports."""
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
    return {name for name in names if VARIABLE.fullmatch(name)}
