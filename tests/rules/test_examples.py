"""The examples of every page run: the bad one eagerly, the good one through plain export."""

import linecache

import pytest
import torch

from torchdraft.rules import all_rules

WITH_EXAMPLES = [rule for rule in all_rules() if rule.bad()]


def run(code, name):
    """The names that an example defines. Its source is known to linecache, as Dynamo wants it."""
    file = f"<doctest {name}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    scope = {"__name__": f"torchdraft_example_{name}"}
    exec(compile(code, file, "exec"), scope)
    return scope


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_the_bad_example_runs_and_marks_its_line(rule):
    marks = [line for line in rule.bad().splitlines() if f"# {rule.code}" in line]
    assert len(marks) == 1
    scope = run(rule.bad(), f"{rule.code}_bad")
    # `torch.cond` outside of a trace compiles itself and checks its branches; under this stance it only runs.
    with torch.compiler.set_stance("force_eager"):
        scope["Model"]()(*scope["args"], **scope.get("kwargs", {}))


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_the_good_example_exports_and_equals_eager(rule):
    scope = run(rule.good(), f"{rule.code}_good")
    args, kwargs = scope["args"], scope.get("kwargs", {})
    program = torch.export.export(
        scope["Model"](), args, kwargs, dynamic_shapes=scope.get("dynamic_shapes"), strict=scope.get("strict", False)
    )
    torch.manual_seed(0)
    expected = scope["Model"]()(*args, **kwargs)
    torch.manual_seed(0)
    got = program.module()(*args, **kwargs)
    leaves = [value if isinstance(value, torch.Tensor | tuple) else vars(value) for value in (got, expected)]
    torch.testing.assert_close(*leaves)


def test_only_rules_without_code_of_their_own_have_no_example():
    assert {rule.code for rule in all_rules()} - {rule.code for rule in WITH_EXAMPLES} == {"TD900", "TD903", "TD904"}
