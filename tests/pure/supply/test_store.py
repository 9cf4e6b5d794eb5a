"""An entry of the cache is whole or not there, whatever interrupted the work."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.supply.store import content_key, ensure_entry, write_whole


def fill_two_files(partial: Path) -> None:
    (partial / "first").write_text("1")
    (partial / "second").write_text("2")


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    assert ensure_entry(entry, fill_two_files) is True
    assert ensure_entry(entry, lambda _: pytest.fail("made twice")) is False
    assert sorted(path.name for path in entry.iterdir()) == ["first", "second"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_interrupted_work_leaves_nothing_that_counts(tmp_path: Path, interruption: type[BaseException]) -> None:
    entry = tmp_path / "entry"

    def interrupted(partial: Path) -> None:
        (partial / "first").write_text("1")
        raise interruption

    with pytest.raises(interruption):
        ensure_entry(entry, interrupted)
    assert list(tmp_path.glob("**/first")) == []
    assert ensure_entry(entry, fill_two_files) is True


def test_a_killed_process_leaves_nothing_that_counts_and_no_lock(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    child = os.fork()
    if child == 0:

        def hang(partial: Path) -> None:
            (partial / "first").write_text("1")
            time.sleep(60)

        ensure_entry(entry, hang)
    deadline = time.monotonic() + 10
    while not list(tmp_path.glob(".entry.*.partial/first")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not entry.exists()
    assert ensure_entry(entry, fill_two_files) is True
    assert list(tmp_path.glob(".entry.*.partial")) == []


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    entry, made = tmp_path / "entry", tmp_path / "made"

    def slowly(partial: Path) -> None:
        time.sleep(0.2)
        fill_two_files(partial)
        with made.open("a") as log:
            log.write("x")

    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            ensure_entry(entry, slowly)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert made.read_text() == "x"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_only_equal_parts_have_equal_keys(one: list[str], other: list[str]) -> None:
    assert (content_key(one) == content_key(other)) == (one == other)
