import numpy as np
import pytest
from PIL import Image

from tfgen.data import DataInfo, info, load, load_arrays


def save(file, pixels, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, **options)


def test_each_picture_comes_back_with_its_class(pictures):
    x, y = load_arrays(pictures, "train", labels=True)
    numbers = np.floor(x.mean((1, 2, 3)) * 255 / 8).astype(int)
    for image, label, number in zip(x, y, numbers, strict=True):
        file = pictures / ("ant" if number % 3 else "bee") / f"{number}.png"
        expected = np.asarray(Image.open(file), np.float32) / np.float32(255)
        np.testing.assert_array_equal(image, expected)
        assert label == (0 if number % 3 else 1)
    assert info(pictures, "train") == DataInfo((4, 5, 3), 256, 2, 24)


def test_the_fixed_rule_splits_all_pictures_into_24_and_6(pictures):
    x = np.concatenate([load_arrays(pictures, "train"), load_arrays(pictures, "test")])
    assert len(load_arrays(pictures, "test")) == 6
    assert sorted(np.floor(x.mean((1, 2, 3)) * 255 / 8)) == list(range(30))
    parts = [load_arrays(pictures, part) for part in ("train[:75%]", "train[75%:]", "test")]
    np.testing.assert_array_equal(np.concatenate(parts), x)


def test_a_part_of_a_split_mixes_the_classes(tmp_path):
    for index in range(100):
        save(tmp_path / ("a" if index < 50 else "b") / f"{index:03}.png", [[index]])
    counts = np.bincount(load_arrays(tmp_path, "train[75%:]", labels=True)[1])
    assert counts.min() >= 3


def test_sub_folders_of_splits_are_the_splits(tmp_path):
    save(tmp_path / "train" / "b" / "deep" / "1.bmp", [[10, 20]])
    save(tmp_path / "train" / "c" / "2.PNG", [[30, 40]])
    save(tmp_path / "test" / "a" / "3.gif", [[50, 50]])
    save(tmp_path / "test" / ".hidden" / "4.png", [[0, 0, 0]])
    x, y = load_arrays(tmp_path, "train", labels=True, channels=1)
    assert sorted(zip(x[:, 0, 0, 0] * 255, y, strict=True)) == [(10, 1), (30, 2)]
    x, y = load_arrays(tmp_path, "test", labels=True, channels=3)
    assert y.tolist() == [0]
    np.testing.assert_array_equal(x, np.full((1, 1, 2, 3), 50, np.float32) / np.float32(255))
    with pytest.raises(ValueError, match=r"\['test', 'train'\]. Received: 'valid'"):
        load_arrays(tmp_path, "valid")


def test_pictures_outside_classes_have_no_labels(tmp_path):
    for index in range(5):
        save(tmp_path / f"{index}.png", [[index]])
    assert info(tmp_path).num_classes is None
    assert load_arrays(tmp_path, "train").shape == (4, 1, 1, 1)
    with pytest.raises(ValueError, match="labels: expected a data set that has labels. Received: "):
        load(tmp_path, "train", labels=True)


def test_jpeg_is_read(tmp_path):
    save(tmp_path / "train" / "1.jpg", np.full((8, 8, 3), 100), quality=100)
    np.testing.assert_allclose(load_arrays(tmp_path, "train") * 255, 100, atol=2)


def test_transparent_pictures_lie_over_white(tmp_path):
    save(tmp_path / "train" / "1.png", [[[10, 20, 30, 255], [10, 20, 30, 0]]])
    with pytest.raises(ValueError, match="1 or of 3 channels .* Received: 4 channels in .*1.png"):
        load_arrays(tmp_path, "train")
    x = load_arrays(tmp_path, "train", channels=3) * 255
    np.testing.assert_allclose(x[0, 0], [[10, 20, 30], [255, 255, 255]], rtol=1e-6)


def test_a_transparent_palette_lies_over_white(tmp_path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putdata([0, 1])
    palette.save(tmp_path / "1.png", transparency=bytes([255, 0]))
    with pytest.raises(ValueError, match="Received: 4 channels in .*1.png"):
        load_arrays(tmp_path, "train")
    x = load_arrays(tmp_path, "train", channels=3) * 255
    np.testing.assert_allclose(x[0, 0], [[10, 20, 30], [255, 255, 255]], rtol=1e-6)


def test_mixed_channels_are_refused_unless_converted(tmp_path):
    save(tmp_path / "train" / "1.png", [[10, 20]])
    save(tmp_path / "train" / "2.png", [[[10, 10, 10], [20, 20, 20]]])
    with pytest.raises(
        ValueError, match=r"channels as in .*\.png.* Received: . channels in .*\.png"
    ):
        load_arrays(tmp_path, "train")
    x = load_arrays(tmp_path, "train", channels=1)
    np.testing.assert_array_equal(x[0], x[1])


def test_mixed_sizes_name_the_two_files(tmp_path):
    save(tmp_path / "train" / "1.png", np.zeros((4, 4)))
    save(tmp_path / "train" / "2.png", np.zeros((4, 5)))
    with pytest.raises(ValueError, match=r"one size.*\.png. Received: .*\.png") as error:
        load(tmp_path, "train")
    assert "1.png" in str(error.value) and "2.png" in str(error.value)


def test_pictures_of_16_bits_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(
        ValueError, match="deep.png: expected an image file. Received: mode .* not 8 bits"
    ):
        load_arrays(tmp_path, "train")


def test_corrupt_pictures_are_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32))
    save(tmp_path / "train" / "cut.png", noise)
    data = (tmp_path / "train" / "cut.png").read_bytes()
    (tmp_path / "train" / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(
        ValueError, match="cut.png: expected an image that decodes. Received: .*trunc"
    ):
        load(tmp_path, "train")
    with pytest.raises(Exception, match="cut.png: expected an image that decodes"):
        next(iter(load(tmp_path, "train", memory_limit=0)))
    (tmp_path / "train" / "cut.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="cut.png: expected an image file. Received: "):
        load(tmp_path, "train")


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none here")
    with pytest.raises(ValueError, match=r"expected images \(png.* 'train'. Received: none"):
        load(tmp_path, "train")


@pytest.mark.parametrize("options", [{}, {"levels": 4}, {"binarize": "stochastic", "seed": 3}])
def test_a_folder_too_large_for_memory_gives_the_same_batches(pictures, options):
    options = {"batch_size": 7, "labels": True, **options}
    in_memory = load(pictures, "train", **options)
    on_disk = load(pictures, "train", memory_limit=100, **options)
    for _ in range(2):
        for (x, y), (x_disk, y_disk) in zip(in_memory, on_disk, strict=True):
            np.testing.assert_array_equal(x_disk, x)
            np.testing.assert_array_equal(y_disk, y)
    assert on_disk.element_spec == in_memory.element_spec
    assert on_disk.cardinality() == in_memory.cardinality() == 4
