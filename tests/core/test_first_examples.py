import keras
import numpy as np
import tensorflow as tf

from tfgen.core import count_examples, first_examples, first_pairs

X = np.arange(50, dtype="float32").reshape(25, 2)


class Pairs(keras.utils.PyDataset):
    """Batches of ten examples and a label each."""

    num_batches = 3

    def __getitem__(self, index):
        part = X[10 * index : 10 * index + 10]
        return part, np.zeros(len(part))


def test_arrays_data_sets_and_sequences_give_their_examples():
    dataset = tf.data.Dataset.from_tensor_slices((X, X[:, 0])).batch(10)
    for data in (X, tf.constant(X), dataset, Pairs()):
        np.testing.assert_array_equal(first_examples(data), X)
    assert [count_examples(data) for data in (X, tf.constant(X))] == [25, 25]
    # Whole batches: the last one is not looked at.
    assert [count_examples(data) for data in (dataset, Pairs())] == [30, 30]


def test_data_without_an_end_give_the_first_ten_thousand():
    dataset = tf.data.Dataset.from_tensors(X).repeat()
    assert len(first_examples(dataset)) == 10_000
    assert count_examples(dataset) is None


def test_what_is_read_once_is_left_alone():
    batches = iter([X, X])
    assert first_examples(batches) is None and count_examples(batches) is None
    assert len(list(batches)) == 2


def test_pairs_come_together():
    dataset = tf.data.Dataset.from_tensor_slices((X, X[:, 0])).batch(10)
    for a, b in zip(first_pairs(dataset), (X, X[:, 0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [len(each) for each in first_pairs(Pairs())] == [25, 25]
    assert [len(each) for each in first_pairs(dataset.repeat())] == [10_000, 10_000]
    assert first_pairs(iter([(X, X[:, 0])])) is None
