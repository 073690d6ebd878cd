"""Writes the fixtures of the installed torchdraft: `python -m tests.saved.write FOLDER`.

The models are compiled under a relative file name, so that the files contain no path of the machine.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import torchdraft

NAME = "tests.saved.models"
REPORTS = ("conditions", "objects")


def models() -> types.ModuleType:
    """The module of the models, compiled as `models.py` of the current folder."""
    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    exec(compile(Path("models.py").read_text(), "models.py", "exec"), vars(module))
    return module


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(Path(__file__).parent)
    module = models()
    for name, saved in module.SAVED.items():
        program = module.draft(saved)
        torchdraft.save(program, folder / f"{name}.pt2")
        if name in REPORTS:
            (folder / f"{name}.report.json").write_text(program._report.to_json() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
