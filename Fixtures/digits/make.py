#!/usr/bin/env python3
"""Trains the digit classifier and writes it, its test images and OpenVINO's answers into this folder.

Needs the versions pinned in ../requirements.txt: jax 0.10.2, numpy 2.4.6, openvino 2026.4.1, scikit-learn 1.9.1 (Python 3.11).
Run `python make.py`: about a minute on one core. Everything is seeded; on another kind of CPU the weights differ in their last bits.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from openvino import Model, PartialShape, Type
from openvino import opset16 as ops
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import oracle  # noqa: E402

SEED = 20_240_801
TEST_COUNT = 360
CALIBRATION_COUNT = 64
EPOCHS = 120
BATCH = 64
EPSILON = 1e-5
WIDTH, TOP = 16, 32

# name: (output channels, input channels per group, kernel, stride, groups); padding keeps ceil(size / stride).
CONVOLUTIONS = {
    "stem": (WIDTH, 1, 3, 1, 1),
    "residual_1": (WIDTH, WIDTH, 3, 1, 1),
    "residual_2": (WIDTH, WIDTH, 3, 1, 1),
    "depthwise": (WIDTH, 1, 3, 2, WIDTH),
    "pointwise": (TOP, WIDTH, 1, 1, 1),
}


def split(rng):
    """Shuffled images [n,1,8,8] in 0...1 and labels, as (training, test)."""
    digits = load_digits()
    order = rng.permutation(len(digits.target))
    images = (digits.images[order, None] / 16).astype(np.float32)
    labels = digits.target[order].astype(np.int64)
    return (images[TEST_COUNT:], labels[TEST_COUNT:]), (images[:TEST_COUNT], labels[:TEST_COUNT])


def initial(rng):
    weights, moments = {}, {}
    for name, (outputs, inputs, kernel, _, _) in CONVOLUTIONS.items():
        scale = np.sqrt(2 / (inputs * kernel * kernel))
        weights[name] = {
            "kernel": rng.normal(0, scale, (outputs, inputs, kernel, kernel)).astype(np.float32),
            "gamma": np.ones(outputs, np.float32),
            "beta": np.zeros(outputs, np.float32),
        }
        moments[name] = {"mean": np.zeros(outputs, np.float32), "variance": np.ones(outputs, np.float32)}
    weights["classifier"] = {
        "kernel": rng.normal(0, np.sqrt(1 / TOP), (TOP, 10)).astype(np.float32),
        "bias": np.zeros(10, np.float32),
    }
    return weights, moments


def logits(weights, images):
    """The network with batch statistics: logits, and the mean and variance each batch normalisation saw."""
    seen = {}

    def block(x, name):
        _, _, kernel, stride, groups = CONVOLUTIONS[name]
        pad = kernel // 2
        x = jax.lax.conv_general_dilated(
            x, weights[name]["kernel"], (stride, stride), [(pad, pad)] * 2, feature_group_count=groups)
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
        seen[name] = {"mean": mean, "variance": variance}
        x = (x - mean[:, None, None]) * jax.lax.rsqrt(variance + EPSILON)[:, None, None]
        return x * weights[name]["gamma"][:, None, None] + weights[name]["beta"][:, None, None]

    x = jax.nn.relu(block(images, "stem"))
    x = jax.nn.relu(x + block(jax.nn.relu(block(x, "residual_1")), "residual_2"))
    x = jax.nn.relu(block(x, "depthwise"))
    x = jax.nn.relu(block(x, "pointwise"))
    return x.mean((2, 3)) @ weights["classifier"]["kernel"] + weights["classifier"]["bias"], seen


def loss(weights, images, labels):
    scores, seen = logits(weights, images)
    targets = 0.95 * jax.nn.one_hot(labels, 10) + 0.005
    return -(targets * jax.nn.log_softmax(scores)).sum(1).mean(), seen


@jax.jit
def step(state, images, labels, rate):
    """One Adam step; the moments of the batch normalisations follow as moving averages."""
    weights, first, second, moments, count = state
    (_, seen), gradient = jax.value_and_grad(loss, has_aux=True)(weights, images, labels)
    count = count + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * (m / (1 - 0.9**count) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8) + 1e-4 * w),
        weights, first, second)
    moments = jax.tree.map(lambda old, new: 0.95 * old + 0.05 * new, moments, seen)
    return weights, first, second, moments, count


def shifted(images, rng):
    """Each image moved by up to one pixel each way: the handwriting's position is not its meaning."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = rng.integers(0, 3, (2, len(images)))
    return np.stack([p[:, r : r + 8, c : c + 8] for p, r, c in zip(padded, rows, columns)])


def train(images, labels, rng):
    weights, moments = initial(rng)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = (weights, zeros, zeros, moments, jnp.float32(0))
    for epoch in range(EPOCHS):
        rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(images))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            state = step(state, shifted(images[chosen], rng), labels[chosen], rate)
    return jax.tree.map(np.asarray, (state[0], state[3]))


def build(weights, moments):
    """The trained network as an OpenVINO model, batch normalisations left as they are."""

    def constant(value, name):
        return ops.constant(np.ascontiguousarray(value), name=name)

    def block(x, name):
        outputs, inputs, kernel, stride, groups = CONVOLUTIONS[name]
        pads = [kernel // 2] * 2
        shape = (outputs, inputs, kernel, kernel) if groups == 1 else (groups, outputs // groups, inputs, kernel, kernel)
        convolution = ops.convolution if groups == 1 else ops.group_convolution
        x = convolution(
            x, constant(weights[name]["kernel"].reshape(shape), name + "/weights"), [stride] * 2, pads, pads, [1, 1], name=name)
        return ops.batch_norm_inference(
            x, *(constant(weights[name][key], f"{name}/{key}") for key in ("gamma", "beta")),
            *(constant(moments[name][key], f"{name}/{key}") for key in ("mean", "variance")), EPSILON, name=name + "/norm")

    images = ops.parameter(PartialShape([-1, 1, 8, 8]), Type.f32, name="images")
    images.output(0).set_names({"images"})
    stem = ops.relu(block(images, "stem"), name="stem/relu")
    x = ops.relu(block(stem, "residual_1"), name="residual_1/relu")
    x = ops.relu(ops.add(stem, block(x, "residual_2"), name="residual/add"), name="residual/relu")
    x = ops.relu(block(x, "depthwise"), name="depthwise/relu")
    x = ops.relu(block(x, "pointwise"), name="pointwise/relu")
    x = ops.reduce_mean(x, constant(np.array([2, 3], np.int64), "pool/axes"), keep_dims=False, name="pool")
    x = ops.matmul(x, constant(weights["classifier"]["kernel"], "classifier/weights"), False, False, name="classifier")
    x = ops.add(x, constant(weights["classifier"]["bias"], "classifier/bias"), name="classifier/add")
    x = ops.softmax(x, 1, name="probabilities")
    x.output(0).set_names({"probabilities"})
    result = ops.result(x, name="result")
    return Model([result], [images], "digits")


def main():
    rng = np.random.default_rng(SEED)
    (images, labels), (test_images, test_labels) = split(rng)
    path = oracle.write_model(build(*train(images, labels, rng)), HERE)
    request = oracle.compile_file(path).create_infer_request()

    probabilities, = oracle.infer(request, [test_images])
    oracle.write_arrays(HERE / "0", [test_images], [probabilities])
    oracle.write_arrays(HERE / "1", [test_images[:1]], oracle.infer(request, [test_images[:1]]))
    np.save(HERE / "labels.npy", test_labels)
    np.save(HERE / "calibration.npy", images[:CALIBRATION_COUNT])
    np.save(HERE / "image.npy", test_images[:1])

    right = int((probabilities.argmax(1) == test_labels).sum())
    print(f"test accuracy {right / TEST_COUNT:.2%} ({right} of {TEST_COUNT}); image.npy is a {test_labels[0]}")
    assert right >= 0.98 * TEST_COUNT


if __name__ == "__main__":
    main()
