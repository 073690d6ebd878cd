import shutil

from tools import check_assets


def test_a_difference_and_a_missing_file_are_found(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    shutil.copytree(check_assets.ASSETS, one)
    shutil.copytree(check_assets.ASSETS, other)
    assert check_assets.differing(one, other) == []
    (one / "page.css").write_text("body{}")
    (other / "page.js").unlink()
    assert check_assets.differing(one, other) == ["page.css", "page.js"]


def test_without_npm_nothing_is_compared(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert check_assets.main() == 0
    assert "not compared" in capsys.readouterr().out


def test_the_notices_name_every_package_of_the_script():
    text = (check_assets.ASSETS / "LICENSES.txt").read_text()
    for name in ("preact", "@dagrejs/dagre", "d3-zoom", "highlight.js", "marked"):
        assert f"\n{name} " in text
