import importlib.util
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
spec = importlib.util.spec_from_file_location("check_links", TOOLS / "check_links.py")
check_links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_links)


@pytest.fixture
def page(tmp_path):
    """Writes ARCHITECTURE.md beside `docs/other.md` and `src/torchdraft/_tape/tape.py`."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text("# Other\n\n## A `heading`, and more\n")
    (tmp_path / "src/torchdraft/_tape").mkdir(parents=True)
    (tmp_path / "src/torchdraft/_tape/tape.py").touch()

    def problems(text, name="ARCHITECTURE.md"):
        (tmp_path / name).write_text(text)
        return check_links.problems(tmp_path)

    return problems


@pytest.mark.parametrize(
    "text",
    [
        "[other](docs/other.md), [the folder](docs)",
        "[other](docs/other.md#a-heading-and-more)",
        "# Own heading\n\n[up](#own-heading)",
        "[torch](https://pytorch.org/no/such/page.md)",
        "```\n[code](missing.md) `missing/file.py`\n```",
        "`x[a](b)`",
        "`_tape/tape.py`, `_tape/`, `docs/other.md`, `a + b/c`, `tests/cases/its_name.py`, `td_x.py`",
    ],
)
def test_what_exists_is_accepted(page, text):
    assert page(text) == []


@pytest.mark.parametrize("link", ["docs/missing.md", "missing", "docs/other.md#no-such-heading", "#missing"])
def test_a_broken_link_is_found(page, link):
    assert page(f"text [text]({link}) text") == [f"ARCHITECTURE.md: the link {link} leads nowhere"]


def test_links_are_relative_to_their_page(page):
    assert page("[other](other.md)", "docs/page.md") == []
    assert page("[other](docs/other.md)", "docs/page.md") == ["docs/page.md: the link docs/other.md leads nowhere"]


@pytest.mark.parametrize("path", ["_tape/missing.py", "_missing/", "tests/test_missing.py"])
def test_a_path_that_does_not_exist_is_found(page, path):
    assert page(f"see `{path}`") == [f"ARCHITECTURE.md: there is no {path}"]
    assert page("nothing") == []
    assert page(f"see `{path}`", "README.md") == []


def test_the_exit_status(tmp_path, capsys):
    assert check_links.main([str(tmp_path)]) == 0
    (tmp_path / "README.md").write_text("[missing](missing.md)")
    assert check_links.main([str(tmp_path)]) == 1
    assert "missing.md" in capsys.readouterr().out
