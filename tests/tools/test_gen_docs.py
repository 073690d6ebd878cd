import importlib.util
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def gen_docs(tmp_path):
    spec = importlib.util.spec_from_file_location("gen_docs", TOOLS / "gen_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.FOLDER = tmp_path / "docs"
    return module


def test_check_complains_until_the_pages_are_written(gen_docs, capsys):
    assert gen_docs.main(["--check"]) == 1
    assert gen_docs.main([]) == 0
    capsys.readouterr()
    assert gen_docs.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_stale_and_left_over_files_are_found_and_mended(gen_docs, capsys):
    gen_docs.main([])
    (gen_docs.FOLDER / "rules/TD101.md").write_text("old")
    (gen_docs.FOLDER / "rules/TD000.md").write_text("gone")
    (gen_docs.FOLDER / "schema/report-v1.json").unlink()
    capsys.readouterr()
    assert gen_docs.main(["--check"]) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "docs/rules/TD000.md",
        "docs/rules/TD101.md",
        "docs/schema/report-v1.json",
    ]
    gen_docs.main([])
    assert gen_docs.main(["--check"]) == 0


def test_the_schema_of_an_earlier_version_is_left_alone(gen_docs):
    gen_docs.main([])
    earlier = gen_docs.FOLDER / "schema/report-v0.json"
    earlier.write_text("{}")
    assert gen_docs.main(["--check"]) == 0
    gen_docs.main([])
    assert earlier.exists()
