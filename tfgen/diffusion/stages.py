"""The parts of a composed model one after the other: whose turn an epoch is."""

from collections.abc import Sequence

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive, check_size_list


class Stages(Configured):
    """Which share of the epochs each part has, and how large its batches are.

    Args:
        shares: a part's epochs are to all epochs as its share is to their sum; positive.
        batch_factors: examples of a part's steps, as multiples of `batch_size`.
    Raises:
        ValueError: a share that is not positive, a factor below 1, or not as many of both.

    Example:
        >>> Stages((1, 2, 5), (8, 8, 1)).ends(16)
        (2, 6, 16)
    """

    def __init__(self, shares: Sequence[float], batch_factors: Sequence[int]) -> None:
        self.shares = tuple(check_positive(share, "a share") for share in shares)
        self.batch_factors = check_size_list(batch_factors, "batch_factors", least=1)
        if len(self.shares) != len(self.batch_factors):
            raise ValueError(
                "expected as many shares as batch_factors."
                f" Received: {len(self.shares)} and {len(self.batch_factors)}"
            )

    def ends(self, epochs: int) -> tuple[int, ...]:
        """After how many epochs each part is done; each has one at least.

        Args:
            epochs: of all parts, at least as many as there are parts.
        """
        ends, num_parts, total = [], len(self.shares), sum(self.shares)
        for part in range(num_parts):
            wanted = round(epochs * sum(self.shares[: part + 1]) / total)
            least, most = (ends[-1] if ends else 0) + 1, epochs - (num_parts - part - 1)
            ends.append(min(max(wanted, least), most))
        return tuple(ends)
