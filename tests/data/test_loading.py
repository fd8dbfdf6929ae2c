import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Classes
from tfgen.data import info, load, load_arrays


@pytest.fixture
def numbers(tmp_path):
    """23 images of 2x2 pixels, image i all i / 32, with label i."""
    x = np.broadcast_to(np.arange(23, dtype=np.float32)[:, None, None] / 32, (23, 2, 2))
    np.savez(tmp_path / "numbers.npz", x_train=x, y_train=np.arange(23))
    return tmp_path


def order_of(dataset):
    """The labels of one pass; each image must be its label's."""
    labels = []
    for x, y in dataset:
        np.testing.assert_array_equal(x.numpy()[:, 0, 0, 0] * 32, y.numpy())
        labels += y.numpy().tolist()
    return labels


def test_each_pass_is_another_order_of_all_images(numbers):
    dataset = load(numbers, "train", batch_size=5, labels=True)
    orders = [order_of(dataset) for _ in range(4)]
    assert all(sorted(order) == list(range(23)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert dataset.epoch_counter.numpy() == 4


def test_orders_are_fixed_by_seed_and_epoch_whatever_the_batch_size(numbers):
    dataset = load(numbers, "train", batch_size=5, labels=True, seed=3)
    orders = [order_of(dataset) for _ in range(3)]
    again = load(numbers, "train", batch_size=4, labels=True, seed=3)
    assert [order_of(again) for _ in range(3)] == orders
    other = load(numbers, "train", batch_size=5, labels=True, seed=4)
    assert order_of(other) != orders[0]
    single = load(numbers, "train", labels=True, seed=3).batch(6)
    assert order_of(single) == orders[0]


def test_a_later_first_epoch_and_an_assigned_counter_resume(numbers):
    options = dict(batch_size=5, labels=True, binarize="stochastic", seed=1)
    dataset = load(numbers, "train", **options)
    passes = [[tuple(map(bytes, map(np.array, batch))) for batch in dataset] for _ in range(4)]
    resumed = load(numbers, "train", epoch=3, **options)
    assert [tuple(map(bytes, map(np.array, batch))) for batch in resumed] == passes[3]
    dataset.epoch_counter.assign(1)
    assert [tuple(map(bytes, map(np.array, batch))) for batch in dataset] == passes[1]


def test_stochastic_draws_change_by_epoch_and_follow_the_image(numbers):
    options = dict(labels=True, binarize="stochastic", seed=1)
    dataset = load(numbers, "train", batch_size=5, **options)
    epochs = []
    for epoch in range(3):
        pairs = [(x.numpy(), y.numpy()) for x, y in dataset]
        x, y = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        x, y = x[np.argsort(y)], np.sort(y)
        x_array, y_array = load_arrays(numbers, "train", epoch=epoch, **options)
        np.testing.assert_array_equal(x, x_array)
        np.testing.assert_array_equal(y, y_array)
        epochs.append(x.tobytes())
    assert len(set(epochs)) == 3


def test_iterators_that_are_not_read_do_not_count(numbers):
    dataset = load(numbers, "train", batch_size=5)
    unread = [iter(dataset) for _ in range(3)]
    for batch in dataset:
        assert batch.shape[1:] == (2, 2, 1)
    assert dataset.epoch_counter.numpy() == 1
    del unread


def test_keras_fit_counts_its_epochs_alone(numbers):
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    train = load(numbers, "train", batch_size=5, labels=True)
    valid = load(numbers, "train[:5]", batch_size=5, labels=True, shuffle=False)
    counts = []
    count = lambda epoch, logs: counts.append(int(train.epoch_counter))
    model.fit(
        train,
        shuffle=False,
        validation_data=valid,
        epochs=3,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=count)],
    )
    assert counts == [1, 2, 3]
    assert int(valid.epoch_counter) == 3
    resume = lambda epoch, logs: train.epoch_counter.assign(7)
    callback = keras.callbacks.LambdaCallback(on_epoch_begin=resume)
    model.fit(train, shuffle=False, epochs=1, verbose=0, callbacks=[callback])
    assert int(train.epoch_counter) == 8


def test_arrays_come_in_the_stored_order_or_in_the_order_of_an_epoch(numbers):
    assert load_arrays(numbers, "train", labels=True)[1].tolist() == list(range(23))
    _, y = load_arrays(numbers, "train", labels=True, shuffle=True, seed=3, epoch=2)
    dataset = load(numbers, "train", batch_size=23, labels=True, seed=3, epoch=2)
    assert order_of(dataset) == y.tolist()


def test_without_shuffling_every_pass_is_in_the_stored_order(numbers):
    dataset = load(numbers, "train", batch_size=10, labels=True, shuffle=False)
    assert [order_of(dataset), order_of(dataset)] == [list(range(23))] * 2


def test_elements_are_as_they_are_declared(numbers):
    one = load(numbers, "train")
    assert one.element_spec == tf.TensorSpec((2, 2, 1), tf.float32)
    assert one.cardinality() == 23
    pairs = load(numbers, "train", batch_size=5, labels=True)
    assert pairs.element_spec == (
        tf.TensorSpec((None, 2, 2, 1), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    assert len(pairs) == 5
    assert [len(y) for _, y in pairs] == [5, 5, 5, 5, 3]


def test_labels_are_the_conditions_of_as_many_classes(numbers):
    classes = Classes(info(numbers, "train").num_classes)
    _, labels = load_arrays(numbers, "train", labels=True)
    np.testing.assert_array_equal(classes.encode(classes.tokens(labels)), np.eye(23))
    pairs = load(numbers, "train", batch_size=5, labels=True, shuffle=False)
    read = pairs.map(lambda x, y: (x, classes.tokens(y, tf.shape(x)[0])))
    assert read.element_spec[1] == tf.TensorSpec((None,), tf.int32) and len(read) == 5
    assert order_of(read) == list(range(23))


def test_levels_and_threshold_are_applied(numbers):
    x = load_arrays(numbers, "train")
    quarters = np.floor(x * 4 + 0.5) / 4
    np.testing.assert_array_equal(load_arrays(numbers, "train", levels=5), quarters)
    dataset = load(numbers, "train", levels=5, batch_size=23, shuffle=False)
    np.testing.assert_array_equal(next(iter(dataset)), quarters)
    np.testing.assert_array_equal(load_arrays(numbers, "train", binarize="threshold"), x >= 0.5)


def test_a_set_of_one_image_loads(numbers):
    dataset = load(numbers, "train[4:5]", batch_size=2, labels=True)
    assert [order_of(dataset), order_of(dataset)] == [[4], [4]]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1. Received: 0"),
        ({"batch_size": 2.0}, "batch_size: .* Received: 2.0"),
        ({"levels": 1}, "levels: expected an integer of at least 2. Received: 1"),
        ({"binarize": "dither"}, "binarize: expected one of .* Received: 'dither'"),
        ({"channels": 2}, "channels: expected 1, 3 or None. Received: 2"),
        ({"seed": 0.5}, "seed: expected an integer. Received: 0.5"),
        ({"epoch": -1}, "epoch: expected an integer of at least 0. Received: -1"),
        ({"memory_limit": "1G"}, "memory_limit: expected an integer .* Received: '1G'"),
    ],
)
def test_options_are_checked(numbers, options, message):
    with pytest.raises(ValueError, match=message):
        load(numbers, "train", **options)


@pytest.mark.parametrize("name", ["no_such_set", "/no/such/folder", "no/such", "mnist/nothing", ""])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match=f"expected 'digits', .* Received: '{name}'"):
        load_arrays(name, "train")
    with pytest.raises(ValueError, match="expected a name or a path. Received: 3"):
        load_arrays(3, "train")


def test_a_folder_without_a_separator_in_its_name_is_found(numbers, monkeypatch):
    monkeypatch.chdir(numbers.parent)
    assert load_arrays(numbers.name, "train").shape == (23, 2, 2, 1)
