#!/usr/bin/env python3
"""Quantises the digit classifier of ../digits as ONNX Runtime does, and converts it with OpenVINO.

Needs numpy and openvino of ../requirements.txt, onnx==1.23.2 and onnxruntime==1.31.1. Run `python make.py`: some seconds.
The model goes through ONNX: QuantizeLinear and DequantizeLinear about every operation, u8 activations, i8 weights with a scale a channel,
i32 biases. Weights keep to 7 bits, so that CPUs whose products of pairs saturate at 16 bits give the same answers as all others.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import oracle  # noqa: E402


def build(model):
    """The classifier in ONNX, batch normalisations folded into the convolutions."""
    known = {op.friendly_name: op.data for op in model.get_ops() if op.get_type_name() == "Constant"}
    nodes, constants = [], []

    def constant(values, name):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(kind, inputs, name, **attributes):
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def block(x, name, stride=1):
        values = known[name + "/weights"]
        group = values.shape[0] if values.ndim == 5 else 1
        values = values.reshape((-1,) + values.shape[-3:])
        factor = known[name + "/gamma"] / np.sqrt(known[name + "/variance"] + 1e-5)
        weights = constant(values * factor.reshape(-1, 1, 1, 1), name + "/weights")
        bias = constant(known[name + "/beta"] - known[name + "/mean"] * factor, name + "/bias")
        pads = [values.shape[-1] // 2] * 4
        return node("Conv", [x, weights, bias], name, strides=[stride] * 2, pads=pads, group=group)

    stem = node("Relu", [block("images", "stem")], "stem/relu")
    x = node("Relu", [block(stem, "residual_1")], "residual_1/relu")
    x = node("Relu", [node("Add", [block(x, "residual_2"), stem], "residual/add")], "residual/relu")
    x = node("Relu", [block(x, "depthwise", 2)], "depthwise/relu")
    x = node("Relu", [block(x, "pointwise")], "pointwise/relu")
    x = node("Flatten", [node("GlobalAveragePool", [x], "pool")], "flatten")
    weights = constant(known["classifier/weights"], "classifier/weights")
    x = node("Add", [node("MatMul", [x, weights], "classifier"), constant(known["classifier/bias"], "classifier/bias")], "classifier/add")
    node("Softmax", [x], "probabilities", axis=1)
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("images", ["n", 1, 8, 8]), ("probabilities", ["n", 10]))]
    graph = helper.make_graph(nodes, "digits_qdq", values[:1], values[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


class Images(CalibrationDataReader):
    def __init__(self, images):
        self.images = iter(images)

    def get_next(self):
        image = next(self.images, None)
        return None if image is None else {"images": image[None]}


def main():
    model = build(ov.Core().read_model(oracle.DIGITS / "model.xml"))
    with tempfile.TemporaryDirectory() as folder:
        plain, quantized = f"{folder}/plain.onnx", f"{folder}/quantized.onnx"
        onnx.save(model, plain)
        quantize_static(
            plain, quantized, Images(np.load(oracle.DIGITS / "calibration.npy")), quant_format=QuantFormat.QDQ, per_channel=True,
            reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        converted = ov.convert_model(quantized)
    oracle.record_digits(converted, HERE)


if __name__ == "__main__":
    main()
