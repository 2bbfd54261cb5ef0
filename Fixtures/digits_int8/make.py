#!/usr/bin/env python3
"""Quantises the digit classifier of ../digits to 8 bits by minimum and maximum, and records OpenVINO's answers.

Needs numpy and openvino of ../requirements.txt. Run `python make.py`: some seconds.
The form is NNCF's: FakeQuantize on activations, weights as i8 Constant -> Convert -> Multiply. Weights keep to 7 bits, so that CPUs
whose products of pairs saturate at 16 bits give the same answers as all others.
"""

import sys
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import Model, PartialShape, Type
from openvino import opset16 as ops

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import oracle  # noqa: E402


def constants(model):
    return {op.friendly_name: op.data.copy() for op in model.get_ops() if op.get_type_name() == "Constant"}


def ranges(model, names, images):
    """The least and the greatest number that each named node computes for the images."""
    nodes = {op.friendly_name: op for op in model.get_ops()}
    compiled = ov.Core().compile_model(Model([nodes[name].output(0) for name in names], model.get_parameters()), "CPU")
    return {name: (float(value.min()), float(value.max())) for name, value in zip(names, compiled([images]).values())}


def quantize(x, low, high, name):
    """A FakeQuantize of 256 levels whose range has zero on its grid."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / 255
    zero = round(-low / step)
    bounds = [np.float32(-zero * step), np.float32((255 - zero) * step)]
    bounds = [ops.constant(np.full((1,) * len(x.get_output_partial_shape(0)), b, np.float32)) for b in bounds]
    return ops.fake_quantize(x, *bounds, *bounds, 256, name=name)


def weights(values, channel_axes, name):
    """i8 Constant -> Convert -> Multiply by a scale for each output channel."""
    others = tuple(a for a in range(values.ndim) if a not in channel_axes)
    scale = (np.abs(values).max(axis=others, keepdims=True) / 63).astype(np.float32)
    integers = ops.constant(np.rint(values / scale).astype(np.int8), name=name)
    return ops.multiply(ops.convert(integers, Type.f32), ops.constant(scale), name=name + "/fq_weights_1")


def build(model, images):
    known = constants(model)
    observed = ["stem/relu", "residual_1/relu", "residual_2/norm", "residual/relu", "depthwise/relu", "pointwise/relu", "pool"]
    seen = ranges(model, observed, images)

    def block(x, name, stride=1):
        values = known[name + "/weights"]
        factor = known[name + "/gamma"] / np.sqrt(known[name + "/variance"] + 1e-5)
        bias = known[name + "/beta"] - known[name + "/mean"] * factor
        grouped = values.ndim == 5
        axes = (0, 1) if grouped else (0,)
        values = values * factor.reshape(values.shape[: len(axes)] + (1,) * (values.ndim - len(axes)))
        pads = [values.shape[-1] // 2] * 2
        convolution = ops.group_convolution if grouped else ops.convolution
        x = convolution(x, weights(values, axes, name + "/weights"), [stride] * 2, pads, pads, [1, 1], name=name)
        return ops.add(x, ops.constant(bias.reshape(1, -1, 1, 1).astype(np.float32)), name=name + "/bias")

    def rounded(x, name):
        return quantize(x, *seen[name], name + "/fq_output_0")

    parameter = ops.parameter(PartialShape([-1, 1, 8, 8]), Type.f32, name="images")
    parameter.output(0).set_names({"images"})
    x = quantize(parameter, 0, 1, "images/fq_output_0")
    stem = rounded(ops.relu(block(x, "stem"), name="stem/relu"), "stem/relu")
    x = rounded(ops.relu(block(stem, "residual_1"), name="residual_1/relu"), "residual_1/relu")
    x = rounded(block(x, "residual_2"), "residual_2/norm")
    x = rounded(ops.relu(ops.add(x, stem, name="residual/add"), name="residual/relu"), "residual/relu")
    x = rounded(ops.relu(block(x, "depthwise", 2), name="depthwise/relu"), "depthwise/relu")
    x = rounded(ops.relu(block(x, "pointwise"), name="pointwise/relu"), "pointwise/relu")
    x = ops.reduce_mean(x, ops.constant(np.array([2, 3], np.int64)), keep_dims=True, name="pool")
    x = rounded(x, "pool")
    x = ops.reshape(x, ops.constant(np.array([0, -1], np.int64)), True, name="flatten")
    x = ops.matmul(x, weights(known["classifier/weights"], (1,), "classifier/weights"), False, False, name="classifier")
    x = ops.add(x, ops.constant(known["classifier/bias"].reshape(1, -1)), name="classifier/add")
    x = ops.softmax(x, 1, name="probabilities")
    x.output(0).set_names({"probabilities"})
    return Model([ops.result(x, name="result")], [parameter], "digits_int8")


def main():
    model = ov.Core().read_model(oracle.DIGITS / "model.xml")
    oracle.record_digits(build(model, np.load(oracle.DIGITS / "calibration.npy")), HERE)


if __name__ == "__main__":
    main()
