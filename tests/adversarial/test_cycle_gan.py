"""CycleGAN: its losses by hand, its pools, two domains of other channels."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from truths import randomize

from tfgen.adversarial import CycleGAN
from tfgen.core import split_seed
from tfgen.layers import ImagePool

GREY, COLOUR = (8, 8, 1), (8, 8, 3)
SEED = tf.constant([0, 3])
SMALL = {"base_filters": 2, "num_blocks": 1, "kernel_size": 3, "judge_filters": 2}


def small(*shapes, **arguments):
    keras.utils.set_random_seed(0)
    return CycleGAN.default(*(shapes or (GREY, COLOUR)), **{**SMALL, **arguments})


def images(shape, count=4, seed=0):
    return np.random.default_rng(seed).random((count, *shape), "float32")


A, B = images(GREY), images(COLOUR, 3, seed=1)


def plain(**arguments):
    """A model of single convolutions, which tell images apart from the start."""

    def network(source, target, activation, name):
        inside = layers.Conv2D(target, 3, padding="same", activation=activation)
        return keras.Sequential([keras.Input((8, 8, source)), inside], name=name)

    keras.utils.set_random_seed(0)
    return CycleGAN(
        to_b=network(1, 3, "sigmoid", "to_b"),
        to_a=network(3, 1, "sigmoid", "to_a"),
        discriminator_a=network(1, 1, None, "discriminator_a"),
        discriminator_b=network(3, 1, None, "discriminator_b"),
        **arguments,
    )


@pytest.fixture(scope="module")
def model():
    return plain(pool_size=2)


def test_generators_that_change_nothing_have_no_cycle_and_no_identity_term():
    nothing = lambda name: keras.Sequential(
        [keras.Input(GREY), layers.Activation("linear")], name=name
    )
    judges = [keras.Sequential([keras.Input(GREY), layers.Conv2D(1, 8)]) for _ in range(2)]
    model = CycleGAN(
        to_b=nothing("to_b"),
        to_a=nothing("to_a"),
        discriminator_a=judges[0],
        discriminator_b=judges[1],
        identity_weight=5.0,
    )
    a, b = images(GREY), images(GREY, seed=1)
    found = model.generators_loss((a, b), SEED, True)
    assert float(found["cycle"]) == float(found["identity"]) == 0
    # What is left is how both discriminators take the other domain's images.
    expected = sum(
        0.5 * np.mean((judge(x).numpy() - 1) ** 2) for judge, x in ((judges[0], b), (judges[1], a))
    )
    np.testing.assert_allclose(found["generators_loss"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["adversarial"], expected, rtol=1e-6)


def test_the_generators_minimise_half_of_the_paper_s_objective():
    """Of images in [-1, 1], whose least squares are not halved."""
    model = small(GREY, GREY, cycle_weight=7.0, identity_weight=2.0)
    randomize(model, scale=0.3)
    a, b = tf.constant(images(GREY)), tf.constant(images(GREY, 3, seed=1))
    found = model.generators_loss((a, b), SEED, True)
    scaled = lambda x: 2 * np.array(x) - 1
    distance = lambda one, other: np.mean(np.abs(scaled(one) - scaled(other)))
    to_a, to_b = model.to_a, model.to_b
    adversarial = np.mean((model.discriminator_b(to_b(a)).numpy() - 1) ** 2)
    adversarial += np.mean((model.discriminator_a(to_a(b)).numpy() - 1) ** 2)
    cycle = distance(to_a(to_b(a)), a) + distance(to_b(to_a(b)), b)
    identity = distance(to_a(a), a) + distance(to_b(b), b)
    assert min(adversarial, cycle, identity) > 0.05
    paper = adversarial + 7 * cycle + 2 * identity
    np.testing.assert_allclose(found["generators_loss"], paper / 2, rtol=1e-5)
    terms = {"adversarial": adversarial / 2, "cycle": cycle / 2, "identity": identity / 2}
    assert {name: float(found[name]) for name in terms} == pytest.approx(terms, rel=1e-5)


def of_discriminators(model, fake_a, fake_b):
    """Their terms by hand: the paper's loss, halved."""
    outputs = [
        np.array(network(x))
        for network, x in (
            (model.discriminator_a, A),
            (model.discriminator_b, B),
            (model.discriminator_a, fake_a),
            (model.discriminator_b, fake_b),
        )
    ]
    real, fake = outputs[:2], outputs[2:]
    loss = sum(np.mean((each - 1) ** 2) for each in real) + sum(np.mean(e**2) for e in fake)
    means = [np.mean([each.mean() for each in pair]) for pair in (real, fake)]
    names = ("discriminators_loss", "real_outputs", "fake_outputs")
    return dict(zip(names, (loss / 2, *means), strict=True))


def found_of(model, training, seed=SEED):
    terms = model.discriminators_loss((tf.constant(A), tf.constant(B)), seed, training)
    return {name: float(value) for name, value in terms.items()}


def test_the_discriminators_see_what_the_pools_give_in_training_alone(model):
    fakes = np.array(model.to_a(B)), np.array(model.to_b(A))
    stored = [images(GREY, 2, seed=5), images(COLOUR, 2, seed=6)]
    for pool, kept in zip(model.pools, stored, strict=True):
        pool.images.assign(kept)
        pool.count.assign(2)
    by_hand = of_discriminators(model, *fakes)
    assert found_of(model, training=False) == pytest.approx(by_hand, rel=1e-5)
    assert all(
        np.array_equal(pool.images, kept) for pool, kept in zip(model.pools, stored, strict=True)
    )
    # One of which images of both domains are exchanged.
    seed = tf.constant([0, 5])
    given, pools = [], [ImagePool(2), ImagePool(2)]
    for pool, fake, kept, own in zip(pools, fakes, stored, split_seed(seed, 2), strict=True):
        pool.build(fake.shape)
        pool.images.assign(kept)
        pool.count.assign(2)
        given.append(pool(fake, own, training=True))
    assert not any(np.array_equal(new, old) for new, old in zip(given, fakes, strict=True))
    by_hand = of_discriminators(model, *given)
    assert found_of(model, training=True, seed=seed) == pytest.approx(by_hand, rel=1e-5)
    for pool, twin in zip(model.pools, pools, strict=True):
        np.testing.assert_array_equal(pool.images, twin.images)


def test_the_verdict_of_a_domain_is_the_mean_over_its_patches(model):
    for domain, x, judge in (("a", A, model.discriminator_a), ("b", B, model.discriminator_b)):
        # Least squares: the targets are 0 and 1, and what lies beyond them is no probability.
        patches = np.clip(judge(x), 0, 1)
        found = model.discriminate(x, domain=domain)
        np.testing.assert_allclose(found, patches.mean(axis=(1, 2, 3)), rtol=1e-5)
        name = {"a": "discriminate", "b": "discriminate_b"}[domain]
        served, specs = model.signatures()[name]
        np.testing.assert_array_equal(served(tf.constant(x))["probabilities"], found)
        assert specs[0].shape[1:] == x.shape[1:]
    with pytest.raises(ValueError, match="shape.*Received: "):
        model.discriminate(A, domain="b")
    with pytest.raises(ValueError, match='domain="a".*Received: '):
        model.discriminate(A, domain="c")


def test_training_fills_the_pools_and_evaluation_leaves_them():
    model = plain(pool_size=5)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.fit(A, B, batch_size=2, verbose=0, shuffle=False)
    for pool, fakes in zip(model.pools, (model.to_a(B), model.to_b(A)), strict=True):
        assert int(pool.count) == 4
        # Of b there are three: the first one came twice.
        order = [0, 1, 2, 0] if len(fakes) == 3 else [0, 1, 2, 3]
        expected = np.array(fakes)[order]
        np.testing.assert_allclose(pool.images[:4], expected, atol=1e-5)
        assert not np.any(pool.images[4])
    before = [np.array(pool.images) for pool in model.pools]
    model.evaluate(A, B, verbose=0)
    for pool, kept in zip(model.pools, before, strict=True):
        np.testing.assert_array_equal(pool.images, kept)


def test_without_pools_the_new_images_are_seen():
    model = plain(pool_size=None)
    assert model.pools == () and not model.discriminator_a.non_trainable_weights
    by_hand = of_discriminators(model, model.to_a(B), model.to_b(A))
    assert found_of(model, training=True) == pytest.approx(by_hand, rel=1e-5)


def test_each_direction_has_its_generator_and_all_but_training_its_average():
    model = small(average_decay=0.9)
    model.averaged_generators[0]._averages[-1].assign_add([3.0])
    model.averaged_generators[1]._averages[-1].assign_add([-3.0, 0.0, 3.0])
    for to, x, network, average in (
        ("b", A, model.to_b, model.averaged_generators[1]),
        ("a", B, model.to_a, model.averaged_generators[0]),
    ):
        translated = model.translate(x, to=to)
        np.testing.assert_array_equal(translated, average(x))
        np.testing.assert_array_equal(model.transform(x, None, True, to), network(x))
        assert np.abs(translated - network(x)).max() > 0.3
        np.testing.assert_allclose(model.translate(x, to=to, batch_size=2), translated, atol=1e-6)
    np.testing.assert_array_equal(model(A), model.translate(A))


def test_the_preview_shows_each_image_beside_its_translation(model):
    a, b = A[:3], B
    rows = np.array(model.preview((A, B)))
    grey = lambda x: np.repeat(x, 3, axis=-1)
    expected = [grey(a), model.translate(a), b, grey(model.translate(b, to="a"))]
    np.testing.assert_allclose(rows, np.stack(expected, axis=1), atol=1e-6)


def test_a_target_says_which_images_are_to_be_given(model):
    assert model.direction(None) == model.direction("b") == (GREY, {"to": "b"})
    assert model.direction("a") == (COLOUR, {"to": "a"})


def test_channels_decide_whether_there_is_an_identity_term():
    one, other = small(GREY, GREY), small()
    assert one.identity_weight == 5 and other.identity_weight == 0
    assert one.term_names == (*other.term_names, "identity")
    assert small(GREY, GREY, identity_weight=0.0).term_names == other.term_names
    with pytest.raises(ValueError, match="identity_weight=0 .* 1 channels in a and 3.*ved: 5.0"):
        small(identity_weight=5.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: small(GREY, (8, 9, 1)), r"one height and width. Received: \(8, 8, 1\) and"),
        (lambda: small((7, 8, 1)), r"at least 8. Received: \(7, 8, 1\)"),
        (lambda: plain(cycle_weight=-1.0), "cycle_weight .*Received: -1.0"),
        (lambda: plain(pool_size=0), "size to be at least 1. Received: 0"),
        (lambda: plain(average_decay=1.0), "average_decay .*Received: 1.0"),
        (lambda: plain().translate(B), r"\[batch, 8, 8, 1\]. Received: shape \(3, 8, 8, 3\)"),
        (lambda: plain().translate(A, to="a"), r"\[batch, 8, 8, 3\]. Received: shape"),
        (lambda: plain().translate(A, to="c"), 'to="a" or to="b". Received: \'c\''),
        (lambda: plain().translate(A, 1), "no condition.*Received: condition=1"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_networks_of_other_images_are_refused(model):
    networks = {name: getattr(model, name) for name in ("to_b", "to_a", "discriminator_a")}
    with pytest.raises(ValueError, match=r"discriminator_b to map \(8, 8, 3\)"):
        CycleGAN(**networks, discriminator_b=model.discriminator_a)
    networks["to_a"] = keras.Sequential([keras.Input(COLOUR), layers.Conv2D(2, 1)])
    with pytest.raises(ValueError, match=r"generator to_a to map \(8, 8, 3\)"):
        CycleGAN(**networks, discriminator_b=model.discriminator_b)


def test_xla_trains_as_the_graph_does():
    weights = []
    for jit_compile in (False, True):
        model = plain(pool_size=None)
        model.compile(keras.optimizers.SGD(0.1), jit_compile=jit_compile, steps_per_execution=2)
        model.fit(A, B, batch_size=2, verbose=0)
        weights.append(model.get_weights())
    start = plain(pool_size=None).get_weights()
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(weights[0], start, strict=True))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
