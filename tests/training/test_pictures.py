import io

import numpy as np
import PIL.Image
import pytest
from matplotlib.figure import Figure

from tfgen.training import image_grid, save_grid, show

GREY = np.random.default_rng(0).random((5, 8, 8, 1))
COLOUR = np.linspace(0, 1, 4 * 60 * 70 * 3).reshape(4, 60, 70, 3)


def test_a_grid_sets_each_image_in_its_place():
    images = np.arange(5)[:, None, None, None] / 5 * np.ones((5, 56, 56, 1))
    grid = image_grid(images, num_columns=3)
    assert grid.shape == (2 + 2 * 58, 2 + 3 * 58, 1)
    assert (grid[:2] == 255).all() and (grid[60:, 2 + 2 * 58 :] == 255).all()
    for index in range(5):
        row, column = divmod(index, 3)
        cell = grid[2 + row * 58 :, 2 + column * 58 :][:56, :56]
        assert (cell == round(255 * index / 5)).all()


def test_images_that_come_in_rows_stay_in_them():
    images = np.random.default_rng(0).random((2, 5, 8, 8, 3))
    flat = image_grid(images.reshape(10, 8, 8, 3), num_columns=5)
    np.testing.assert_array_equal(image_grid(images), flat)
    np.testing.assert_array_equal(image_grid(images, num_columns=5), flat)
    with pytest.raises(ValueError, match="rows of 5.*Received: num_columns=4"):
        image_grid(images, num_columns=4)


def test_small_images_are_enlarged_pixel_by_pixel():
    image = np.array([[0.0, 1.0], [1.0, 0.0]])[None, :, :, None]
    grid = image_grid(image)
    np.testing.assert_array_equal(
        grid[2:-2, 2:-2, 0], np.kron(image[0, :, :, 0], np.ones((28, 28))) * 255
    )


def test_values_beyond_the_ends_are_cut_and_nan_is_black():
    image = np.array([[np.nan, -np.inf], [np.inf, 7.0]])[None, :, :, None]
    grid = image_grid(image)[2:-2, 2:-2, 0]
    np.testing.assert_array_equal(grid[::28, ::28], [[0, 0], [255, 255]])


@pytest.mark.parametrize("shape", [(4, 8), (0, 8, 8, 1), (4, 8, 8, 2), (2, 0, 8, 8, 1)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="Received: shape"):
        image_grid(np.zeros(shape))


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"255.*Received: dtype uint8"):
        show((GREY * 255).astype("uint8"))
    with pytest.raises(ValueError, match="num_columns.*Received: 0"):
        show(GREY, num_columns=0)


@pytest.mark.parametrize("images", [GREY, COLOUR])
def test_a_picture_is_taken_by_jupyter_matplotlib_and_pil(images):
    picture = show(images, num_columns=2)
    grid = image_grid(images, num_columns=2)
    pixels = grid[..., 0] if grid.shape[-1] == 1 else grid
    np.testing.assert_array_equal(np.asarray(picture), pixels)
    assert np.asarray(picture).dtype == np.uint8
    np.testing.assert_array_equal(np.asarray(picture, "float64"), pixels)

    shown = PIL.Image.open(io.BytesIO(picture._repr_png_()))
    np.testing.assert_array_equal(np.array(shown), pixels)
    np.testing.assert_array_equal(np.array(PIL.Image.fromarray(np.asarray(picture))), pixels)
    drawn = Figure().add_subplot().imshow(picture)
    np.testing.assert_array_equal(drawn.get_array(), pixels)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.PNG", "PNG"), ("a.jpg", "JPEG"), ("a.jpeg", "JPEG")]
)
def test_a_file_is_of_the_kind_that_its_ending_says(tmp_path, name, kind):
    save_grid(COLOUR, tmp_path / name)
    with PIL.Image.open(tmp_path / name) as image:
        assert image.format == kind
        off = np.abs(np.array(image).astype(int) - image_grid(COLOUR))
    assert off.max() == 0 if kind == "PNG" else 0 < off.mean() < 3
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.gif", "a", "png"])
def test_other_kinds_of_files_are_refused(tmp_path, name):
    for save in (lambda path: save_grid(GREY, path), show(GREY).save):
        with pytest.raises(ValueError, match=f"ends in .png, .jpg, .jpeg. Received: .*{name}"):
            save(tmp_path / name)
    assert not list(tmp_path.iterdir())
