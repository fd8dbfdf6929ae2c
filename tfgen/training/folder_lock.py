"""A folder that one process writes at a time."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing stops a second process
    fcntl = None

LOCK = ".lock"
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


@contextlib.contextmanager
def folder_lock(path: str | os.PathLike) -> Iterator[None]:
    """Keeps other processes from the same folder, for the length of a `with` block.

    The lock ends with its process, however that ends: what a killed one leaves is taken over. The
    folder is made where there is none, with those above it; it goes again where the block leaves
    it empty, and they with it.

    Args:
        path: the folder.
    Raises:
        ValueError: another process has it, or the path is no folder.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f"expected a folder. Received: {path}, which is a file")
    made = [parent for parent in path.parents if not parent.exists()]
    path.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path / LOCK)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            (path / LOCK).unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            for folder in (path, *made):
                folder.rmdir()


def _locked(file):
    """Descriptor of the locked file; its owner removes the file in the end."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
        try:
            _flock(descriptor)
            # Its last owner may have removed the file between the two calls.
            if os.path.exists(file) and os.path.samestat(os.fstat(descriptor), os.stat(file)):
                return descriptor
            os.close(descriptor)
        except BlockingIOError as error:
            os.close(descriptor)
            raise ValueError(
                "expected a folder that no other process writes."
                f" Received: {file.parent}, which one does"
            ) from error


def _flock(descriptor):
    """Locks a file, where its file system has locks: some clusters' have none."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
