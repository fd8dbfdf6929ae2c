"""The numbers that training goes by."""

import functools

import keras


class Counters:
    """Variables that are saved with a model, and that Keras does not take for its weights.

    Variables, so that a step that is traced already goes by what is loaded.

    Args:
        order_seed: int in [0, 2^31).

    Attributes:
        order_seed: decides, with the counts, the orders and the draws of training.
        steps: number of training steps so far.
    """

    def __init__(self, order_seed: int) -> None:
        number = functools.partial(
            keras.Variable, dtype="int32", trainable=False, aggregation="only_first_replica"
        )
        self.order_seed = number(order_seed, name="order_seed")
        self.steps = number(0, name="steps_seen")
