"""Values that JSON does not have survive a file."""

from __future__ import annotations

import enum
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torchdraft.saved.json_values import from_json_value, is_lost, to_json_value
from torchdraft.saved.tuple_keys import has_encodable_tuples, text_from_tuple, tuple_from_text


class Flag(enum.IntFlag):
    ROWS = 1
    COLUMNS = 2


def again(value):
    return from_json_value(json.loads(json.dumps(to_json_value(value))))


VALUES = [
    *(torch.float32, torch.device("cpu"), torch.sparse_coo, torch.channels_last, torch.Size([2, 3])),
    *(1j, b"bytes", ..., slice(1, None), range(2, 9, 3), Flag.ROWS, Flag, json.dumps, len),
    *({1, 2}, frozenset({"a"}), ("a", ("b", 1)), ["a", {"b": None}], (1j, torch.float32)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_read_as_it_was_written(value):
    assert again(value) == value
    assert type(again(value)) is type(value)


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3).T, np.float64(0.5), np.array(["a", "b"])], ids=lambda array: str(array.dtype)
)
def test_an_array_keeps_its_dtype_and_shape(array):
    assert again(array).dtype == array.dtype
    assert np.array_equal(again(array), array)


@pytest.mark.parametrize("value", [lambda: 0, Flag.ROWS | Flag.COLUMNS, np.array([object()]), {object()}])
def test_what_no_kind_encodes_is_none_again(value):
    assert is_lost(to_json_value(value)) or again(value) == value
    if is_lost(to_json_value(value)):
        assert again(value) is None


def test_a_dictionary_with_one_key_is_no_encoding():
    assert again({"__torchdraft__": 1}) == {"__torchdraft__": 1}


KEYS = st.recursive(st.text() | st.integers() | st.booleans() | st.none(), lambda part: st.lists(part).map(tuple))


@given(st.lists(KEYS).map(tuple))
def test_a_tuple_survives_as_text(key):
    assert tuple_from_text(text_from_tuple(key)) == key
    assert has_encodable_tuples([key])


@pytest.mark.parametrize("key", [(torch.float32,), ([1],)])
def test_a_tuple_of_other_things_does_not(key):
    assert not has_encodable_tuples([key])
