"""Files that are written completely or not at all, and torch's writer of archives where the disk is full."""

import io
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import torchdraft
from torchdraft._atomic import Sink, replacing


def test_a_block_that_raises_leaves_what_was_there(tmp_path):
    file = tmp_path / "m.pt2"
    file.write_text("old")
    with pytest.raises(IsADirectoryError), replacing(file) as temporary:
        (temporary.write_text("half"), tmp_path.write_text("a folder"))
    assert (file.read_text(), os.listdir(tmp_path)) == ("old", ["m.pt2"])
    with replacing(file) as temporary:
        temporary.write_text("new")
    assert (file.read_text(), os.listdir(tmp_path)) == ("new", ["m.pt2"])


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_cannot_be_replaced_is_written_itself():
    with replacing(Path(os.devnull)) as temporary:
        assert str(temporary) == os.devnull


class Full(io.BytesIO):
    def write(self, data):
        if self.tell() + len(data) > 1000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_sink_takes_everything_and_tells_at_the_end():
    file = Full()
    sink = Sink(file)
    assert [sink.write(b"x" * 600), sink.write(b"x" * 600), sink.write(b"x")] == [600, 600, 1]
    assert len(file.getvalue()) == 600
    with pytest.raises(OSError, match="No space left"):
        sink.finish()


@pytest.fixture(scope="module")
def program():
    return torchdraft.draft_export(torch.nn.Linear(300, 300), (torch.ones(2, 300),))


def test_saving_to_a_full_file_raises(program):
    with pytest.raises(OSError, match="No space left"):
        torchdraft.save(program, Full())


def test_a_buffer_can_be_loaded_at_once(program):
    buffer = io.BytesIO()
    torchdraft.save(program, buffer)
    assert torchdraft.load(buffer)._report == program._report


LIMITED = """
import resource, sys, torch, torchdraft
program = torchdraft.draft_export(torch.nn.Linear(300, 300), (torch.ones(2, 300),))
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    torchdraft.save(program, sys.argv[1])
except OSError as error:
    print("refused")
"""


def test_the_process_survives_a_full_disk_and_the_file_stays(tmp_path):
    file = tmp_path / "m.pt2"
    file.write_text("old")
    done = subprocess.run([sys.executable, "-c", LIMITED, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
    assert (file.read_text(), os.listdir(tmp_path)) == ("old", ["m.pt2"])


def test_the_command_prints_the_report_and_exits_with_2(tmp_path):
    (tmp_path / "m.py").write_text(
        "import torch\ndef build():\n    return torch.nn.Linear(300, 300), (torch.ones(2, 300),)\n"
    )

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    done = subprocess.run(
        [sys.executable, "-m", "torchdraft", "export", "m.py:build", "-o", "m.pt2", "--json", "r.json"],
        cwd=tmp_path,
        preexec_fn=limited,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("Linear: a sound program")
    assert "error: -o 'm.pt2' can't be written: File too large" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["m.py", "r.json"]
