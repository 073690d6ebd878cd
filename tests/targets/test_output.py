import os
import stat
from pathlib import Path

import pytest

from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.usage_error import UsageError


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "model.pt2"
    with replacing(target, "-o") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".pt2"
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert os.listdir(tmp_path) == ["model.pt2"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_half_written_stays_and_the_old_file_does(tmp_path, error):
    target = tmp_path / "model.pt2"
    target.write_text("old")

    def write():
        with replacing(target, "-o") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.pt2"]


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "other").write_text("")
    with replacing(tmp_path / "model.pt2", "-o"):
        pass
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_keeps_being_one(tmp_path):
    (tmp_path / "real.pt2").write_text("old")
    (tmp_path / "link.pt2").symlink_to("real.pt2")
    with replacing(tmp_path / "link.pt2", "-o") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link.pt2").is_symlink()
    assert (tmp_path / "real.pt2").read_text() == "new"


def test_checking_changes_nothing(tmp_path):
    check_writable(tmp_path / "model.pt2", "-o", ".pt2")
    assert os.listdir(tmp_path) == []
    (tmp_path / "model.pt2").write_text("old")
    check_writable(tmp_path / "model.pt2", "-o", ".pt2")
    assert (tmp_path / "model.pt2").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "given", "advice"),
    [
        ("model.onnx", "model.onnx", "model.pt2"),
        ("missing/model.pt2", "there is no folder", "mkdir -p"),
        ("folder.pt2", "is a folder", "folder.pt2/model.pt2"),
        ("pipe.pt2", "is no regular file", ""),
        ("file/model.pt2", "there is no folder", ""),
    ],
)
def test_what_can_not_be_written_is_said_before_the_work(tmp_path, name, given, advice):
    (tmp_path / "folder.pt2").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe.pt2")
    with pytest.raises(UsageError) as caught:
        check_writable(tmp_path / name, "-o", ".pt2")
    assert given in caught.value.given
    assert advice in caught.value.advice


def test_a_folder_that_refuses(tmp_path, monkeypatch):
    def refuse(self, *mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may write anywhere, so a read-only folder would not do
    with pytest.raises(UsageError, match="can't be written: Permission denied"):
        check_writable(tmp_path / "model.pt2", "-o", ".pt2")
