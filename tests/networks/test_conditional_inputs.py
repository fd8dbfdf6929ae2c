"""Networks of one input or two: how they are called, and which are refused."""

import pytest
import tensorflow as tf

from tfgen.conditions import Classes, Vector
from tfgen.networks import check_network, mlp, network_inputs


def test_a_lone_input_stands_by_itself():
    x, given = tf.zeros((1, 2)), tf.ones((1, 3))
    assert network_inputs(x, None) is x
    assert network_inputs(x, given) == [x, given]
    assert network_inputs(x, None, given) == [x, given]


def test_a_network_of_the_right_shapes_passes():
    check_network("encoder", mlp((2, 3), (4,), (5,)), (2, 3), (5,))
    check_network("encoder", mlp((2, 3), (4,), (), condition=Classes(3)), (2, 3), (), Classes(3))


@pytest.mark.parametrize(
    ("network", "condition", "received"),
    [
        (mlp((2,), (), (4,)), None, r"map \(2,\) to \(5,\)\. Received: \(2,\) to \(4,\)"),
        (mlp((3,), (), (5,)), None, r"Received: \(3,\) to \(5,\)"),
        (mlp((2,), (), (5,)), Vector(3), r"map \(2,\) and \(3,\) to \(5,\)\. Received: \(2,\) to"),
        (mlp((2,), (), (5,), condition=Vector(3)), None, r"Received: \(2,\) and \(3,\) to \(5,\)"),
        (mlp((2,), (), (5,), condition=Vector(3)), Vector(4), r"Received: \(2,\) and \(3,\) to"),
    ],
)
def test_other_networks_are_refused(network, condition, received):
    with pytest.raises(ValueError, match=rf"expected the encoder to .*{received}"):
        check_network("encoder", network, (2,), (5,), condition)
