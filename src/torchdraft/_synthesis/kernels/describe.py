"""What the docstring of a fake kernel says: from which calls it was learned, what it was tested on, where it holds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from torchdraft._synthesis.experiments.calls import Call, shown
from torchdraft._synthesis.experiments.changes import structure
from torchdraft._synthesis.experiments.observed import ListOut, Observed, TensorOut
from torchdraft._synthesis.experiments.operator import Operator
from torchdraft._synthesis.learning.cases import Learned
from torchdraft._synthesis.learning.outputs import ListRule, NumberRule, TensorRule
from torchdraft._synthesis.learning.shapes import FREE

WIDTH = 92


def open_sizes(operator: Operator, learned: Learned, trials: dict[Call, Observed]) -> list[str]:
    """Each size that the kernel leaves open, with the range that was seen and the reason."""
    found: dict[str, tuple[list[int], bool]] = {}
    for case in learned.cases:
        if case.result is None:
            continue
        for call, seen in trials.items():
            if structure(call) in case.structures:
                for place, number, unknown in _open(operator, case.result.outputs, call, seen):
                    numbers, before = found.setdefault(place, ([], False))
                    numbers.append(number)
                    found[place] = (numbers, before or unknown)
    return [
        f"{place}: {'no relation to the inputs was found' if unknown else 'decided by the data'}; "
        f"{min(numbers)} to {max(numbers)} were seen"
        for place, (numbers, unknown) in found.items()
    ]


def _open(operator: Operator, rules: Sequence[object], call: Call, seen: Observed) -> Iterator[tuple[str, int, bool]]:
    for index, (rule, out) in enumerate(zip(rules, seen.outputs, strict=False)):
        place = f"output {index}, " if len(rules) > 1 else ""
        if isinstance(rule, ListRule) and isinstance(out, ListOut):
            pairs = list(zip(rule.items, out.items, strict=False))
        else:
            pairs = [(rule, out)]
        for inner, item in pairs:
            if isinstance(inner, NumberRule) and inner.fresh and isinstance(item, int):
                yield f"{place}the number", item, False
            if isinstance(inner, TensorRule) and isinstance(item, TensorOut):
                predicted = inner.shape.predict(operator, call) or ()
                for dim, (size, number) in enumerate(zip(predicted, item.shape, strict=False)):
                    if size == FREE:
                        yield f"{place}dimension {dim}", number, bool(inner.unknown)


def docstring(
    operator: Operator,
    calls: Sequence[Call],
    runs: int,
    tested: Sequence[str],
    domain: Sequence[str],
    sizes: Sequence[str],
) -> str:
    """The docstring of a kernel."""
    first = f"Fake kernel of `{operator.schema}`, written by torchdraft."
    examples = [shown(operator, call) for call in calls[:3]]
    paragraphs = [
        first,
        f"Learned from {runs} calls of the real kernel, among them {', '.join(examples)}.",
        f"Tested on {', '.join(tested)}." if tested else "Not tested.",
    ]
    lines = ["\n".join(textwrap.wrap(paragraph, WIDTH)) for paragraph in paragraphs]
    lines += ["\n".join(textwrap.wrap(f"Domain: {text}.", WIDTH)) for text in domain]
    lines += ["\n".join(textwrap.wrap(f"Open: {text}.", WIDTH)) for text in sizes]
    text = lines[0] + "\n\n" + "\n".join(lines[1:])
    return text.replace("\\", "\\\\").replace('"""', "'''")
