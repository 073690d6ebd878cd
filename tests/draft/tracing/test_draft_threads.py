"""Which threads work for a draft."""

from __future__ import annotations

import threading

from torchdraft._draft.tracing.draft_threads import belongs, joined, parted


def test_a_thread_works_for_the_draft_while_it_has_joined():
    assert not belongs()
    with joined():
        assert belongs()
        with parted():
            assert not belongs()
            with joined():
                assert belongs()
        assert belongs()
    assert not belongs()


def test_other_threads_do_not_join_with_it():
    found = []
    with joined():
        thread = threading.Thread(target=lambda: found.append(belongs()))
        thread.start()
        thread.join()
    assert found == [False]
