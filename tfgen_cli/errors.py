"""Faults that a user can mend end in one line and exit status 2; a bug shows where it is."""

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import click

_HINTS = {
    errno.ENOSPC: "there is no room left on this disk: make some, and go on with --resume",
    errno.EDQUOT: "your share of this disk is full: make room, and go on with --resume",
    errno.EFBIG: "this disk takes no file of that size",
    errno.EROFS: "this disk cannot be written",
    errno.EACCES: "you may not read or write there",
    errno.EPERM: "you may not read or write there",
}


class OneLineError(click.ClickException):
    """A message in one line, and exit status 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose foreseeable faults, divergence among them, are each a `OneLineError`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (ValueError, FloatingPointError) as error:
            raise OneLineError(str(error)) from error
        except OSError as error:
            raise OneLineError(_of_files(error)) from error
        except MemoryError as error:
            raise OneLineError(
                f"expected a model that fits in memory. Received: {error}"
            ) from error
        except Exception as error:
            if not _of_tensorflow(error):
                raise
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            full = os.strerror(errno.ENOSPC) in first
            hint = f": {_HINTS[errno.ENOSPC]}" if full else ""
            raise OneLineError(f"TensorFlow: {first}{hint}") from error

    return wrapped


def _of_files(error):
    hint = _HINTS.get(error.errno)
    return f"{error}: {hint}" if hint else str(error)


def _of_tensorflow(error):
    """Whether TensorFlow ran out of memory, disk or peers: no fault of the program."""
    if "tensorflow" not in sys.modules:
        return False
    import tensorflow as tf

    kinds = (
        tf.errors.ResourceExhaustedError,
        tf.errors.PermissionDeniedError,
        tf.errors.UnavailableError,
        tf.errors.NotFoundError,
    )
    return isinstance(error, kinds)
