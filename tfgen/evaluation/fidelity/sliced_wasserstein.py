"""The sliced Wasserstein distance of patches, at several scales (Karras et al. 2018)."""

import numpy as np

from tfgen.core import check_array, check_count
from tfgen.core.size_checks import check_odd
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.laplacian_pyramid import laplacian_pyramid

_IMAGES = 500  # whose pyramids are held at once
_ROWS = 2**16  # patches whose squares are held at once
_DIRECTIONS = 16  # whose projections are held at once


def sliced_wasserstein(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    patch_size: int = 7,
    patches_per_image: int = 128,
    num_directions: int = 512,
    smallest: int = 16,
    seed: int = 0,
) -> dict[str, float]:
    """How far apart the patches of two sets of images are, at each level of a Laplacian pyramid.

    Patches of random places are taken from each level, their colours are given mean 0 and standard
    deviation 1 over each set, and the Wasserstein-1 distances of their projections on random
    directions are averaged (Karras et al. 2018, section 5). Coarse levels compare large-scale
    structure, the finest one textures and noise. The paper prints the figures times 1,000.

    Args:
        real, fake: equally many images each, `[n, height, width, channels]`, float32 in [0, 1].
        patch_size: odd; of the side of a patch.
        patches_per_image: of each level.
        num_directions: on which patches are projected.
        smallest: of the shorter side of the coarsest level; there is one level at least.
        seed: of places and directions.
    Returns:
        `{"28x28": ..., "14x14": ..., "mean": ...}`, a distance for each level, the finest first,
        and their mean.
    Raises:
        ValueError: bad images or numbers, or images smaller than a patch.
    """
    check_odd(patch_size, "patch_size")
    for name, number in (
        ("patches_per_image", patches_per_image),
        ("num_directions", num_directions),
        ("smallest", smallest),
    ):
        check_count(number, name)
    shape = np.shape(real)[1:]
    if len(shape) != 3 or min(shape[:2]) < patch_size:
        raise ValueError(
            f"expected images [n, height, width, channels] of {patch_size} pixels or more a side."
            f" Received: shape {np.shape(real)}"
        )
    real = np.asarray(check_array(real, shape, name="real"))
    fake = np.asarray(check_array(fake, shape, name="fake"))
    if len(real) != len(fake):
        raise ValueError(
            f"expected as many real as generated images. Received: {len(real)} and {len(fake)}"
        )
    least = max(smallest, patch_size)
    random = np.random.default_rng((seed, 2))
    levels: dict[str, float] = {}
    # A level at a time: its patches take a hundred times the room of the images.
    for index, level in enumerate(laplacian_pyramid(real[:1], least)):
        sets = [
            _standardized(_patches(images, index, patch_size, patches_per_image, least, (seed, i)))
            for i, images in enumerate((real, fake))
        ]
        side = f"{level.shape[1]}x{level.shape[2]}"
        levels[side] = projected_distance(*sets, num_directions, random)
    return {**levels, "mean": float(np.mean(list(levels.values())))}


def projected_distance(
    x: np.ndarray, y: np.ndarray, num_directions: int, random: np.random.Generator
) -> float:
    """Mean Wasserstein-1 distance of projections on directions drawn uniformly.

    Args:
        x, y: `[n, d]`, equally many.
        num_directions: how many are drawn.
        random: draws them.
    """
    total = 0.0
    for begin in range(0, num_directions, _DIRECTIONS):
        size = (min(_DIRECTIONS, num_directions - begin), x.shape[1])
        directions = random.standard_normal(size, "float32")
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        # Rows of projections: what lies together is sorted faster.
        first, second = (np.sort(directions @ each.T, axis=1) for each in (x, y))
        total += np.abs(first - second).mean(axis=1, dtype="float64").sum()
    return float(total / num_directions)


def _patches(images, index, size, count, least, seed):
    """Of random places of one level, `[n * count, size, size, channels]`."""
    random = np.random.default_rng((*seed, index))
    parts = []
    for begin in range(0, len(images), _IMAGES):
        level = laplacian_pyramid(images[begin : begin + _IMAGES], least)[index]
        n, height, width, _ = level.shape
        top = random.integers(0, height - size + 1, (n, count, 1, 1))
        left = random.integers(0, width - size + 1, (n, count, 1, 1))
        rows, columns = np.arange(size)[:, None], np.arange(size)
        chosen = level[np.arange(n)[:, None, None, None], top + rows, left + columns]
        parts.append(chosen.reshape(-1, *chosen.shape[2:]))
    return np.concatenate(parts)


def _standardized(patches):
    """`[n, d]`, in the place of the patches."""
    axes = (0, 1, 2)
    patches -= patches.mean(axis=axes, dtype="float64").astype("float32")
    squares = sum(
        np.square(patches[begin : begin + _ROWS], dtype="float64").sum(axis=axes)
        for begin in range(0, len(patches), _ROWS)
    )
    deviation = np.sqrt(squares * patches.shape[-1] / patches.size).astype("float32")
    patches /= np.where(deviation > 0, deviation, np.float32(1))
    return patches.reshape(len(patches), -1)
