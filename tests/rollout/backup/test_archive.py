"""The file of a backup: whole under its name, or not there under that name."""

import fcntl
import os

import pytest

from rollout.backup import open_archive
from rollout.backup.archive import BadBackup, Part, remove_leftovers
from rollout.backup.manifest import Keys, Manifest, OutsideTable, Role, SavedTable
from rollout.errors import RolloutError

MANIFEST = Manifest(
    database="shop", taken_at="2026-06-30T16:00:00+00:00", server="18.6", client=18,
    schemas=["public"], adopted=[], tables=[SavedTable("public", "t", 7, "-123")],
    outside_tables=[
        OutsideTable("auth", "users", [["id", "uuid"]], [Keys(["id"], [["a"], ["b"]])])
    ],
    outside_functions=[], extensions=[["vector", "public"]],
    roles=[Role("anon", "NOLOGIN")],
)  # fmt: skip


@pytest.fixture
def backup(tmp_path):
    with Part(tmp_path / "a.dump") as part:
        part.file.write(b"PGDMP and more")
        part.append(MANIFEST)
        return part.finish()


def test_a_manifest_comes_back_as_it_was(backup):
    assert open_archive(backup).manifest == MANIFEST


def test_only_its_owner_may_read_it(backup):
    assert backup.stat().st_mode & 0o777 == 0o600


def test_nothing_but_the_backup_is_left(backup):
    assert [path.name for path in backup.parent.iterdir()] == ["a.dump"]


def test_one_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), Part(tmp_path / "a.dump") as part:
        part.file.write(b"PGDMP")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_never_overwritten(backup):
    with pytest.raises(RolloutError, match="there already"):
        Part(backup)


def test_two_at_once_do_not_write_the_same_file(tmp_path):
    refused = pytest.raises(RolloutError, match="another process")
    with Part(tmp_path / "a.dump"), refused:
        Part(tmp_path / "a.dump")


def test_what_a_killed_one_left_is_taken_over(tmp_path):
    left = tmp_path / "a.dump.part"
    left.write_bytes(b"x" * 1000)
    left.chmod(0o644)
    with Part(tmp_path / "a.dump") as part:
        assert left.stat().st_size == 0
        assert left.stat().st_mode & 0o777 == 0o600
        part.append(MANIFEST)


def test_leftovers_are_removed_and_running_ones_are_not(tmp_path):
    for name in ("left.part", "running.part", "other"):
        (tmp_path / name).touch()
    with (tmp_path / "running.part").open() as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        removed = remove_leftovers(tmp_path, "*.part")
    assert [path.name for path in removed] == ["left.part"]
    assert (tmp_path / "running.part").exists()


@pytest.mark.parametrize("place", [6, -100, -5, 20])
def test_a_changed_byte_is_seen(backup, place):
    data = bytearray(backup.read_bytes())
    data[place] ^= 1
    backup.write_bytes(data)
    with pytest.raises(BadBackup):
        open_archive(backup)


@pytest.mark.parametrize("length", [0, 3, 40, -1])
def test_one_cut_short_is_seen(backup, length):
    backup.write_bytes(backup.read_bytes()[:length])
    with pytest.raises(BadBackup):
        open_archive(backup)


def test_more_at_the_end_is_seen(backup):
    backup.write_bytes(backup.read_bytes() + b"\n")
    with pytest.raises(BadBackup, match="no manifest"):
        open_archive(backup)


def test_what_is_no_backup_is_called_so(tmp_path):
    (tmp_path / "a.sql").write_text("-- PostgreSQL database dump\n")
    with pytest.raises(BadBackup, match="is not a backup"):
        open_archive(tmp_path / "a.sql")


def test_a_missing_one_and_a_directory_are_told_apart(tmp_path):
    with pytest.raises(BadBackup, match="is not there"):
        open_archive(tmp_path / "missing")
    with pytest.raises(BadBackup, match="is a directory"):
        open_archive(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_that_may_not_be_read_is_called_so(backup):
    backup.chmod(0)
    with pytest.raises(BadBackup, match="may not be read"):
        open_archive(backup)
