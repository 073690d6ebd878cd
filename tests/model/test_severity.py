from torchdraft.model import Severity


def test_order_is_by_harm_not_by_alphabet():
    assert sorted(["note", "baked", "guarded", "specialized"], key=lambda name: Severity(name).rank) == list(Severity)
    assert Severity.NOTE < Severity.SPECIALIZED < Severity.GUARDED < Severity.BAKED
    assert max(Severity) is Severity.BAKED
    assert Severity.GUARDED >= Severity.GUARDED <= "baked"


def test_reads_as_its_word():
    assert str(Severity.BAKED) == Severity.BAKED == "baked"
    assert all(severity.meaning for severity in Severity)
