"""Distances between all pairs of rows, in blocks: the nearest, and the balls that they span."""

from collections.abc import Iterator, Sequence

import numpy as np

_ROWS = 2000  # of a block on either side: 16 MB of float32
_FEW = 256  # columns that are multiplied in double precision: more take twice as long
_TOLERANCE = 16  # machine epsilons of |x|^2 + |y|^2: how far rounding takes a squared distance


class Rows:
    """Rows that are compared by squared Euclidean distances.

    |x - y|^2 = |x|^2 + |y|^2 - 2 x.y is a matrix product, but loses the digits that the norms
    share: what is compared is moved to a common mean and put on a common scale first. Points in few
    dimensions may all the same be much closer than the norms are long: these are held in float64,
    others in float32.

    Attributes:
        values: `[n, d]`.
        squares: `[n]`, |x|^2.
    """

    def __init__(self, values: np.ndarray) -> None:
        dtype = "float64" if values.shape[1] <= _FEW else "float32"
        self.values = np.ascontiguousarray(values, dtype)
        self.squares = np.einsum("nd,nd->n", self.values, self.values)

    def __len__(self) -> int:
        return len(self.values)

    def blocks(self) -> list[slice]:
        """The rows of one block after another."""
        return [slice(begin, begin + _ROWS) for begin in range(0, len(self), _ROWS)]

    def distances(
        self, rows: slice, other: "Rows", others: slice, *, least: bool = False
    ) -> np.ndarray:
        """Squared distances, `[rows, others]`, of a block of these and a block of others.

        Args:
            rows, others: the blocks.
            other: to which they are.
            least: whether to give the least that they may be: rounding may have made them larger.
        """
        shrunk = 1 - _TOLERANCE * np.finfo(self.values.dtype).eps if least else 1
        found = (-2 * self.values[rows]) @ other.values[others].T
        found += (shrunk * self.squares[rows])[:, None]
        found += shrunk * other.squares[others]
        return found


def common_rows(*arrays: np.ndarray) -> tuple[list[Rows], float]:
    """`Rows` of several arrays `[n, d]` about the first one's mean, and their common scale.

    A distance of the rows times the scale is one of the arrays.
    """
    mean = arrays[0].mean(axis=0, dtype="float64")
    centred = [np.subtract(array, mean, dtype="float64") for array in arrays]
    scale = max(float(np.abs(array).max()) for array in centred) or 1.0
    return [Rows(array / scale) for array in centred], scale


def radii(x: Rows, ks: Sequence[int]) -> dict[int, np.ndarray]:
    """Squared distances of each row to the k-th nearest of the others, `{k: [n]}`.

    Each pair of blocks is multiplied once, for the rows of both.

    Args:
        x: more than k rows.
        ks: each at least 1.
    """
    most = max(ks)
    nearest = np.full((len(x), most), np.inf, x.values.dtype)
    blocks = x.blocks()
    for index, rows in enumerate(blocks):
        for others in blocks[index:]:
            found = x.distances(rows, x, others)
            if rows is others:
                np.fill_diagonal(found, np.inf)
            nearest[rows] = _smallest(nearest[rows], found)
            if rows is not others:
                nearest[others] = _smallest(nearest[others], found.T)
    nearest.sort(axis=1)
    return {k: nearest[:, k - 1] for k in ks}


def nearest(x: Rows, others: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Which of the others is the nearest to each row, int `[n]`, and its squared distance `[n]`."""
    indices, best = np.zeros(len(x), "int64"), np.full(len(x), np.inf, x.values.dtype)
    for rows, columns in pairs_of_blocks(x, others):
        found = x.distances(rows, others, columns)
        arguments = found.argmin(axis=1)
        values = np.take_along_axis(found, arguments[:, None], axis=1)[:, 0]
        closer = values < best[rows]
        indices[rows][closer] = arguments[closer] + columns.start
        best[rows][closer] = values[closer]
    # The one that was found, again without the rounding of large norms.
    exact = x.values - others.values[indices]
    return indices, np.einsum("nd,nd->n", exact, exact)


def pairs_of_blocks(x: Rows, others: Rows) -> Iterator[tuple[slice, slice]]:
    """All pairs of a block of x and one of the others."""
    for rows in x.blocks():
        for columns in others.blocks():
            yield rows, columns


def _smallest(known, found):
    """The smallest of each row of both, as many as are known."""
    most = known.shape[1]
    if found.shape[1] > most:
        found = np.partition(found, most - 1, axis=1)[:, :most]
    both = np.concatenate([known, found], axis=1)
    return np.partition(both, most - 1, axis=1)[:, :most]
