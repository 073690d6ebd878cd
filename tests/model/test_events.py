from torchdraft.model import events
from torchdraft.rules import events as public


def test_the_public_module_is_the_one_that_the_draft_uses():
    assert public is events


def test_earlier_names_keep_working():
    assert public.Birth is events.SymbolOrigin
    assert public.SeenTensor is events.ObservedTensor
    assert public.Birth(input="x").input == "x"
