import sympy
from hypothesis import given
from hypothesis import strategies as st

from torchdraft._source.symbolic.expression_text import is_expression, text_of

SYMBOLS = sympy.symbols("u0 s1 s2", integer=True)
ATOMS = st.sampled_from(SYMBOLS) | st.integers(-9, 9).map(sympy.Integer) | st.sampled_from([sympy.Float(0.5)])
OPERATIONS = st.sampled_from([sympy.Add, sympy.Mul, lambda a, b: a - b, sympy.Max, sympy.Min, lambda a, b: a**2 + b])


def combined(parts):
    return st.tuples(OPERATIONS, parts, parts).map(lambda drawn: drawn[0](drawn[1], drawn[2]))


EXPRESSIONS = st.recursive(ATOMS, combined, max_leaves=8)


@given(EXPRESSIONS, EXPRESSIONS, st.sampled_from([sympy.Eq, sympy.Ne, sympy.Ge, sympy.Lt]))
def test_it_is_the_text_of_str(left, right, relation):
    try:
        condition = relation(left, right)
    except TypeError:  # of numbers that sympy cannot compare
        return
    for expr in (left, condition, sympy.Not(condition)):
        assert text_of(expr) == str(expr)


def test_other_values_are_their_str():
    assert [text_of(value) for value in (3, "u0 > 1", None, True)] == ["3", "u0 > 1", "None", "True"]
    assert not is_expression("u0")


def test_a_number_of_a_trace_is_its_expression():
    class Node:
        expr = SYMBOLS[0] + 1

    class SymbolicNumber:
        node = Node()

        def __sym_max__(self):
            raise NotImplementedError

    assert text_of(SymbolicNumber()) == "u0 + 1"
