"""A file contains no private name of torchdraft, and `import torchdraft` is all that `torch.export.load` needs."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import torchdraft
from tests.saved.models import SAVED, draft
from torchdraft._draft.prepare.object_nodes import OBJECT_CLASSES, unregister_classes
from torchdraft.saved import TupleKey
from torchdraft.saved.tuple_keys import tuple_key

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(autouse=True)
def registered_classes():
    before = set(OBJECT_CLASSES)
    yield
    unregister_classes(OBJECT_CLASSES - before)


@pytest.mark.parametrize("name", SAVED)
def test_a_file_contains_no_private_name(name):
    file = io.BytesIO()
    torchdraft.save(draft(SAVED[name]), file)
    with zipfile.ZipFile(file) as archive:
        assert not [part for part in archive.namelist() if b"torchdraft._" in archive.read(part)]


def test_the_enumeration_is_looked_up_by_its_public_name():
    key = tuple_key(("a", ("b", 1)))
    assert f"{type(key).__module__}:{type(key).__qualname__}" == "torchdraft.saved:TupleKey"
    assert TupleKey[key.name] == key == ("a", ("b", 1))
    assert hash(key) == hash(("a", ("b", 1)))


def test_torch_reads_every_name_once_torchdraft_is_imported():
    files = [str(path) for path in FIXTURES.rglob("tuple_keys.pt2")]
    code = f"import torchdraft, torch\nfor file in {files!r}: torch.export.load(file)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
