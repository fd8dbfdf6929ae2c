import errno
import os
import signal
import subprocess
import sys

import pytest

from tfgen.training.folder_lock import folder_lock

HOLD = """
import sys, time
from tfgen.training.folder_lock import folder_lock
with folder_lock(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(600)
"""


def test_two_processes_cannot_have_one_folder_and_a_dead_one_has_none(tmp_path):
    folder = tmp_path / "run"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(ValueError, match=f"Received: {folder}, which one does"):
            with folder_lock(folder):
                pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert list(folder.iterdir()) == [folder / ".lock"]
        with folder_lock(folder):
            (folder / "file").write_text("mine")
        assert list(folder.iterdir()) == [folder / "file"]
    finally:
        holder.kill()


def test_the_lock_ends_with_its_block_however_that_ends(tmp_path):
    with pytest.raises(KeyError), folder_lock(tmp_path / "run"):
        with pytest.raises(ValueError, match="no other process"), folder_lock(tmp_path / "run"):
            pass
        raise KeyError
    # It had been made for the lock, and holds nothing.
    assert not (tmp_path / "run").exists()


def test_the_folders_above_go_with_it_but_not_those_that_were_there(tmp_path):
    (tmp_path / "a").mkdir()
    with folder_lock(tmp_path / "a/b/c/run"):
        assert (tmp_path / "a/b/c/run").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert not list((tmp_path / "a").iterdir())
    with folder_lock(tmp_path / "a/b/run"):
        (tmp_path / "a/b/file").write_text("mine")
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["file"]


def test_a_lock_that_was_removed_meanwhile_is_asked_for_again(tmp_path, monkeypatch):
    """Between its opening the file and its locking it, the last owner may have removed it."""
    fcntl = pytest.importorskip("fcntl")
    lock = fcntl.flock

    def removed_first(descriptor, how, calls=[]):  # noqa: B006
        calls.append(how)
        if len(calls) == 1:
            (tmp_path / ".lock").unlink()
        lock(descriptor, how)

    monkeypatch.setattr("tfgen.training.folder_lock.fcntl.flock", removed_first)
    with folder_lock(tmp_path):
        assert (tmp_path / ".lock").exists()
        with pytest.raises(ValueError, match="no other process"), folder_lock(tmp_path):
            pass


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match="which is a file"), folder_lock(tmp_path / "run"):
        pass


def test_a_file_system_without_locks_has_runs_too(tmp_path, monkeypatch):
    def no_locks(descriptor, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("tfgen.training.folder_lock.fcntl.flock", no_locks)
    with folder_lock(tmp_path / "run"):
        (tmp_path / "run/file").write_text("mine")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["file"]
