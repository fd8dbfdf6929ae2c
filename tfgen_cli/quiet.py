"""TensorFlow without the lines that it writes as it starts."""

import contextlib
import os
import sys
import tempfile


def import_tfgen(verbose: bool) -> None:
    """Imports tfgen, and TensorFlow with it, without a word.

    TensorFlow writes as it is imported whatever `TF_CPP_MIN_LOG_LEVEL` says, and past Python's
    `sys.stderr`. What it wrote is shown where the import fails.

    Args:
        verbose: let TensorFlow write what it will, now and later.
    """
    if not verbose:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with contextlib.nullcontext() if verbose or "tensorflow" in sys.modules else _silence():
        import tensorflow as tf

        import tfgen  # noqa: F401
    if not verbose:
        # It takes the functions of several models for one that is compiled again and again.
        tf.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _silence():
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except BaseException:
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
