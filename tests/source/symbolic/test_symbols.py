from torchdraft._source.symbolic.symbols import canonical


def test_canonical_keeps_two_symbols_of_one_birth_apart():
    born = {"u0": "x", "u1": "x", "u7": "x", "s0": "y"}
    assert canonical("u0 > u1", born) == canonical("u1 > u7", born) != canonical("u0 > u0", born)
    assert canonical("s0 > s1 + zuf2", born) == "s0 > s1 + zuf2"
