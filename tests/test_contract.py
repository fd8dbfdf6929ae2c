"""What every exported model owes, whatever its wing."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen import registry
from tfgen.autoregressive import s_curve_orders
from tfgen.core.configured import init_parameters
from tfgen.distributions import Categorical, Normal, NormalMixture

IMAGE, SMALL, VECTOR = (8, 8, 1), (5, 4, 1), (6,)

# Every exported model, tiny; a name before a colon is the model's.
MAKERS = {
    "VAE": lambda: tfgen.VAE.default(IMAGE, latent_dim=3, hidden=(8,)),
    "VAE: categorical": lambda: tfgen.VAE.default(
        IMAGE, latent_dim=3, hidden=(8,), likelihood=Categorical(5)
    ),
    "VAE: vectors": lambda: tfgen.VAE.default(
        VECTOR, latent_dim=3, hidden=(8,), likelihood=Normal(), beta=2.0
    ),
    "NADE": lambda: tfgen.NADE.default(IMAGE, num_hidden=6),
    "NADE: categorical": lambda: tfgen.NADE.default(VECTOR, num_hidden=6, levels=5),
    "Independent": lambda: tfgen.Independent.default(IMAGE),
    "MarkovChain": lambda: tfgen.MarkovChain.default(IMAGE, order=2),
    "MarkovChain: categorical": lambda: tfgen.MarkovChain.default(VECTOR, levels=5),
    "FullJoint": lambda: tfgen.FullJoint.default(VECTOR),
    "ChainRule": lambda: tfgen.ChainRule.default(VECTOR),
    "FVSBN": lambda: tfgen.FVSBN.default(IMAGE),
    "FVSBN: categorical": lambda: tfgen.FVSBN.default(VECTOR, levels=5),
    "MADE": lambda: tfgen.MADE.default(IMAGE, hidden=(8, 8), num_masks=2, num_orders=2),
    "MADE: categorical": lambda: tfgen.MADE.default(VECTOR, hidden=(8,), levels=5),
    "DeepNADE": lambda: tfgen.DeepNADE.default(VECTOR, hidden=(8, 8), num_orders=2),
    "DeepNADE: categorical": lambda: tfgen.DeepNADE.default(VECTOR, hidden=(8,), levels=5),
    "RNADE": lambda: tfgen.RNADE.default(VECTOR, num_hidden=6, head=NormalMixture(2)),
    "RNADE: images": lambda: tfgen.RNADE.default(SMALL, num_hidden=6, head=NormalMixture(2)),
    "RowLSTM": lambda: tfgen.RowLSTM.default(SMALL, num_features=4, num_layers=1),
    "DiagonalBiLSTM": lambda: tfgen.DiagonalBiLSTM.default(SMALL, num_features=4, num_layers=1),
    "MaskedPixelCNN": lambda: tfgen.MaskedPixelCNN.default(SMALL, num_features=4, num_layers=1),
    "LocallyMaskedPixelCNN": lambda: tfgen.LocallyMaskedPixelCNN.default(
        (3, 2, 1), s_curve_orders(3, 2)[::3], num_features=4, num_layers=1
    ),
    "PixelCNN": lambda: tfgen.PixelCNN.default(SMALL, num_features=4, num_layers=2),
    "PixelCNN: colour": lambda: tfgen.PixelCNN.default(
        (4, 4, 3), num_features=3, num_layers=2, levels=5
    ),
    "PixelCNNPlusPlus": lambda: tfgen.PixelCNNPlusPlus.default(
        SMALL, num_features=4, num_blocks=1, num_resolutions=2, num_components=2
    ),
    "PixelCNNPlusPlus: colour": lambda: tfgen.PixelCNNPlusPlus.default(
        (3, 3, 3), levels=4, num_features=4, num_blocks=1, num_resolutions=2, num_components=2
    ),
    "GAN": lambda: tfgen.GAN.default(IMAGE, latent_dim=3, hidden=(8,)),
    "GAN: vectors": lambda: tfgen.GAN.default(VECTOR, latent_dim=3, hidden=(8,)),
    "DCGAN": lambda: tfgen.DCGAN.default(IMAGE, latent_dim=3, base_filters=4),
    "DDPM": lambda: tfgen.DDPM.default(IMAGE, num_steps=6, base_channels=8, multipliers=(1,)),
    "DDPM: vectors": lambda: tfgen.DDPM.default(VECTOR, num_steps=6, base_channels=8),
}
every_model = pytest.mark.parametrize("name", MAKERS)
one_of_each = pytest.mark.parametrize("name", [name for name in MAKERS if ":" not in name])


def make(name):
    keras.utils.set_random_seed(5)
    return MAKERS[name]()


def examples(model, count=12, seed=0):
    levels = model.levels or 5
    grey = np.random.default_rng(seed).integers(0, levels, (count, *model.event_shape))
    return (grey / np.float32(levels - 1)).astype("float32")


def trained(name, epochs=2):
    model = make(name)
    model.compile(steps_per_execution=2)
    model.fit(examples(model), batch_size=4, epochs=epochs, verbose=0)
    return model


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def optimizer_variables(model):
    return [v for phase in model.phases() for v in model.phase_optimizers[phase.name].variables]


def test_every_exported_model_is_here():
    assert {name.split(":")[0] for name in MAKERS} == set(registry.models())


@every_model
def test_a_default_model_is_built_and_names_its_source(name):
    model = make(name)
    assert model.built and model.count_params() > 0
    assert model.density in ("exact", "bound", "implicit") and model.paper
    assert hasattr(model, "log_prob") == (model.density == "exact")
    assert np.isfinite(model(examples(model))).all()


@every_model
def test_config_goes_through_json_and_builds_an_equal_model(name):
    model = make(name)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    twin = keras.saving.deserialize_keras_object(config)
    for argument in init_parameters(type(model)):
        one, other = getattr(model, argument), getattr(twin, argument)
        # Networks have no equality of their own: they are compared by what they compute, below.
        assert type(one) is type(other) and (isinstance(one, keras.Model) or one == other)
    assert twin.name == model.name
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(examples(model)), model(examples(model)))


@one_of_each
def test_a_reloaded_model_has_equal_outputs_and_trains_on_alike(name, tmp_path):
    model = trained(name)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    x = examples(model)
    np.testing.assert_array_equal(twin(x), model(x))
    np.testing.assert_array_equal(twin.sample(3, seed=1), model.sample(3, seed=1))
    assert_same(optimizer_variables(twin), optimizer_variables(model))
    for each in (model, twin):
        each.fit(x, batch_size=4, verbose=0)
    assert_same(twin.get_weights(), model.get_weights())
    np.testing.assert_array_equal(twin.sample(3), model.sample(3))


@one_of_each
def test_weights_files_carry_the_state_too(name, tmp_path):
    model = trained(name)
    model.save_weights(tmp_path / "model.weights.h5")
    twin = make(name)
    twin.compile(steps_per_execution=2)
    twin.load_weights(tmp_path / "model.weights.h5")
    assert twin.epochs_seen == 2
    assert_same(twin.get_weights(), model.get_weights())


@one_of_each
def test_each_phase_moves_its_own_weights_and_only_those(name):
    model = make(name)
    for moving in model.phases():
        model.compile(
            {
                phase.name: keras.optimizers.SGD(0.1 if phase.name == moving.name else 0.0)
                for phase in model.phases()
            }
        )
        own = {id(v) for network in moving.networks for v in network.trainable_variables}
        before = [np.array(v) for v in model.trainable_variables]
        model.train_on_batch(examples(model))
        moved = [
            not np.array_equal(old, new)
            for old, new in zip(before, model.trainable_variables, strict=True)
        ]
        # A table learns by counting: none of its weights has a gradient.
        assert any(moved) == bool(own)
        for variable, has_moved in zip(model.trainable_variables, moved, strict=True):
            assert not has_moved or id(variable) in own, variable.path


@one_of_each
def test_evaluation_moves_no_weights_and_reports_every_term(name):
    model = trained(name)
    before = model.get_weights()
    terms = model.evaluate(examples(model), batch_size=5, verbose=0, return_dict=True)
    assert_same(model.get_weights(), before)
    assert sorted(terms) == sorted(model.term_names)
    assert np.isfinite(list(terms.values())).all()


@every_model
def test_the_same_seed_gives_the_same_samples_in_eager_mode_and_in_a_graph(name):
    model = make(name)
    samples = model.sample(5, seed=3).numpy()
    assert samples.shape == (5, *model.event_shape)
    model.check(samples)
    np.testing.assert_array_equal(model.sample(5, seed=3), samples)
    np.testing.assert_array_equal(model.sample(5, seed=tf.constant([0, 3])), samples)
    in_a_graph = tf.function(lambda: model.sample(5, seed=3))()
    np.testing.assert_allclose(in_a_graph, samples, atol=1e-5)
    assert not np.array_equal(model.sample(5, seed=4), samples)
    assert not np.array_equal(model.sample(5), model.sample(5))


SERVE = """
import sys
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
data = np.load(folder + "/inputs.npz", allow_pickle=True)
served = tf.saved_model.load(folder + "/served").signatures
results = {}
for name, function in served.items():
    if name == "serving_default":
        continue
    names = function.structured_input_signature[1]
    outputs = function(**{key: tf.constant(data[key]) for key in names})
    results.update({name + "/" + key: value.numpy() for key, value in outputs.items()})
assert "tfgen" not in sys.modules and "tensorflow_probability" not in sys.modules
np.savez(folder + "/outputs.npz", **results)
"""


@one_of_each
def test_the_saved_model_gives_the_same_numbers_without_tfgen(name, tmp_path, python):
    model = trained(name)
    x = examples(model, 7)
    first_half = np.arange(x[0].size) < x[0].size // 2
    inputs = {
        "x": x,
        "z": np.random.default_rng(0).normal(size=(7, 3)).astype("float32"),
        "mask": np.broadcast_to(first_half.reshape(x.shape[1:]), x.shape).astype("float32"),
        "num_samples": np.int32(4),
        "t": np.int32(2),
        "seed": np.int32([0, 9]),
    }
    np.savez(tmp_path / "inputs.npz", **inputs)
    model.export(tmp_path / "served")
    (tmp_path / "serve.py").write_text(SERVE)
    # -I: neither the working directory nor PYTHONPATH is searched.
    python("-I", "-c", SERVE, str(tmp_path))
    outputs = np.load(tmp_path / "outputs.npz")
    expected = {}
    for key, (function, specs) in model.signatures().items():
        arguments = {spec.name: tf.constant(inputs[spec.name]) for spec in specs}
        expected.update({f"{key}/{k}": v for k, v in function(**arguments).items()})
    assert set(outputs) == set(expected)
    assert "sample/samples" in expected
    for key, value in expected.items():
        np.testing.assert_allclose(outputs[key], value, rtol=1e-4, atol=1e-5, err_msg=key)
    np.testing.assert_allclose(outputs["sample/samples"], model.sample(4, seed=9), atol=1e-5)


def bad_inputs(model):
    x = examples(model, 3)
    yield x[0], "shape"
    yield x[..., None], "shape"
    yield x[:0], "at least one"
    yield (x * 4).astype("uint8"), "floating point"
    yield np.where(x > 2, x, np.nan), "finite"
    yield np.where(x > 2, x, np.inf), "finite"
    if len(model.event_shape) == 3 or model.levels:
        yield x - 1.5, r"\[0, 1\]"
    if model.levels:
        yield np.clip(x, 0.4, 0.4), "levels"


@every_model
def test_bad_inputs_are_met_at_every_door(name):
    model = make(name)
    model.compile()
    doors = [
        model.fit,
        model.evaluate,
        lambda x: model.fit(examples(model), validation_data=x, verbose=0),
        *(
            getattr(model, method)
            for method in ("log_prob", "elbo", "encode", "reconstruct", "discriminate")
            if hasattr(model, method)
        ),
    ]
    for x, message in bad_inputs(model):
        for door in doors:
            with pytest.raises(ValueError, match=f"(?s){message}.*Received: "):
                door(x)


@one_of_each
def test_labels_weights_and_bad_counts_are_refused(name):
    model = make(name)
    model.compile()
    x = examples(model)
    for arguments in ({"y": x}, {"sample_weight": np.ones(12)}, {"class_weight": {0: 1}}):
        with pytest.raises(ValueError, match="Received: "):
            model.fit(x, **arguments)
    for count in (0, -1):
        with pytest.raises(ValueError, match="num_samples.*Received: "):
            model.sample(count)
    with pytest.raises(ValueError, match="batch_size.*Received: "):
        model.fit(x, batch_size=0)
    with pytest.raises(ValueError, match="seed.*Received: "):
        model.sample(2, seed=-1)


@one_of_each
def test_mixed_precision_trains_without_nan(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = trained(name)
    finally:
        keras.config.set_dtype_policy("float32")
    x = examples(model)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert np.isfinite(list(model.evaluate(x, verbose=0, return_dict=True).values())).all()
    for method in ("log_prob", "elbo"):
        if hasattr(model, method):
            values = getattr(model, method)(x)
            assert values.dtype == tf.float32 and np.isfinite(values).all()
    samples = model.sample(4, seed=0)
    assert samples.dtype == tf.float32
    model.check(samples)


@one_of_each
def test_summary_and_predict_work_as_in_keras(name, capsys):
    model = make(name)
    model.summary()
    assert "params" in capsys.readouterr().out
    x = examples(model)
    np.testing.assert_allclose(model.predict(x, batch_size=5, verbose=0), model(x), atol=1e-5)
