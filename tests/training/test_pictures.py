import numpy as np
import pytest

from tfgen.training import image_grid, save_curves


def test_a_grid_sets_each_image_in_its_place():
    images = np.arange(5)[:, None, None, None] / 5 * np.ones((5, 56, 56, 1))
    grid = image_grid(images, num_columns=3)
    assert grid.shape == (2 + 2 * 58, 2 + 3 * 58, 1)
    assert (grid[:2] == 255).all() and (grid[60:, 2 + 2 * 58 :] == 255).all()
    for index in range(5):
        row, column = divmod(index, 3)
        cell = grid[2 + row * 58 :, 2 + column * 58 :][:56, :56]
        assert (cell == round(255 * index / 5)).all()


def test_small_images_are_enlarged_pixel_by_pixel():
    image = np.array([[0.0, 1.0], [1.0, 0.0]])[None, :, :, None]
    grid = image_grid(image)
    np.testing.assert_array_equal(
        grid[2:-2, 2:-2, 0], np.kron(image[0, :, :, 0], np.ones((28, 28))) * 255
    )


@pytest.mark.parametrize("shape", [(4, 8), (0, 8, 8, 1), (4, 8, 8, 2)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="Received: shape"):
        image_grid(np.zeros(shape))


def test_curves_of_no_epochs_are_refused(tmp_path):
    with pytest.raises(ValueError, match="empty history"):
        save_curves([], tmp_path / "curves.png")
