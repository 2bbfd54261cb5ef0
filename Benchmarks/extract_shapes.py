#!/usr/bin/env python3
"""Write the shapes of a model's heavy operations to Benchmarks/shapes/<case>.txt, one line a distinct shape.

    Benchmarks/extract_shapes.py CASE_DIR ...

A case is a folder with model.xml, model.bin and 0/input_<k>.npy, whose shapes fix what the model leaves open.
Needs `openvino` and `numpy`. A line is a kind and key=value pairs; `times` counts the layers of that shape.
"""
import collections
import pathlib
import sys

import numpy
import openvino

UNARY = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Swish": "swish", "Clamp": "clamp", "HSwish": "hswish", "Gelu": "gelu_erf",
    "HSigmoid": "hsigmoid", "Exp": "exp", "Sqrt": "sqrt", "PRelu": "prelu", "Mish": "mish", "Elu": "elu",
}
BINARY = {"Add": "add", "Multiply": "multiply", "Subtract": "subtract", "Divide": "divide"}


def by(values):
    return "x".join(str(v) for v in values)


def volume(shape):
    return int(numpy.prod(shape, dtype=numpy.int64))


def is_quantized(node):
    """The second operand is a constant of 8-bit integers, dequantised on the way."""
    source = node.input_value(1).get_node()
    while source.get_type_name() in ("Convert", "Subtract", "Multiply", "Reshape", "FakeQuantize"):
        source = source.input_value(0).get_node()
    return source.get_type_name() == "Constant" and source.get_element_type() in (openvino.Type.i8, openvino.Type.u8)


def convolution(node, source, target):
    weights = list(node.input(1).get_shape())
    groups = weights.pop(0) if node.get_type_name() == "GroupConvolution" else 1
    rank = len(source) - 2
    if rank > 2:
        return None
    attributes = node.get_attributes()
    widen = lambda values, fill: [fill] * (2 - rank) + list(values)
    return (
        f"{'conv_i8' if is_quantized(node) else 'conv'} batch={source[0]} input={source[1]}x{by(widen(source[2:], 1))} output={target[1]}x{by(widen(target[2:], 1))}"
        f" kernel={by(widen(weights[2:], 1))} stride={by(widen(attributes['strides'], 1))}"
        f" dilation={by(widen(attributes['dilations'], 1))} pad={by(widen(attributes['pads_begin'], 0))} groups={groups}"
    )


def line(node):
    kind = node.get_type_name()
    inputs = [list(i.get_shape()) for i in node.inputs()]
    output = list(node.output(0).get_shape()) if node.get_output_size() else []
    if node.get_output_size() and node.output(0).get_element_type() != openvino.Type.f32:
        return None
    if kind in ("Convolution", "GroupConvolution"):
        return convolution(node, inputs[0], output)
    if kind == "MatMul":
        depth = inputs[0][-2] if node.get_attributes()["transpose_a"] else inputs[0][-1]
        if len(inputs[1]) <= 2:
            return f"{'gemm_i8' if is_quantized(node) else 'gemm'} batch=1 rows={volume(output[:-1])} columns={output[-1]} depth={depth}"
        return f"gemm batch={volume(output[:-2])} rows={output[-2]} columns={output[-1]} depth={depth}"
    if kind in ("MaxPool", "AvgPool") and len(output) == 4:
        a = node.get_attributes()
        operation = "maximum" if kind == "MaxPool" else "average_excluding_pad"
        return (
            f"pool operation={operation} batch={output[0]} input={by(inputs[0][1:])} output={by(output[1:])} kernel={by(a['kernel'])}"
            f" stride={by(a['strides'])} pad={by(a['pads_begin'])}"
        )
    if kind in UNARY:
        return f"unary operation={UNARY[kind]} elements={volume(output)}"
    if kind in BINARY and inputs[0] == inputs[1] and volume(output) >= 1000:
        return f"binary operation={BINARY[kind]} elements={volume(output)}"
    if kind in ("Softmax", "SoftMax"):
        return f"softmax outer={volume(output[:-1])} axis={output[-1]} inner=1"
    if kind == "MVN":
        return f"normalization operation=layer outer={volume(output[:-1])} axis={output[-1]} inner=1"
    if kind == "ReduceMean" and len(inputs[0]) == 4:
        n, c, h, w = inputs[0]
        return f"reduction operation=mean outer={n} axis={h * w} inner={c}"
    if kind == "Transpose" and volume(output) >= 1000:
        return f"transpose shape={by(inputs[0])} order={by(node.input_value(1).get_node().get_data().flatten().tolist())}"
    return None


def extract(case):
    model = openvino.Core().read_model(case / "model.xml")
    model.reshape({p: numpy.load(case / "0" / f"input_{k}.npy").shape for k, p in enumerate(model.inputs)})
    lines = collections.Counter()
    for node in model.get_ordered_ops():
        try:
            text = line(node)
        except RuntimeError:  # A shape that only the data decide.
            text = None
        if text:
            lines[text] += 1
    # What stands between the layers of a quantised model runs in integers too, and fused.
    if any(text.startswith("conv_i8") for text in lines):
        lines = {text: times for text, times in lines.items() if "_i8" in text.split()[0] or text.startswith("pool")}
        lines = {text.replace("pool ", "pool_i8 "): times for text, times in lines.items()}
    return [f"{text} times={times}" for text, times in lines.items()]


def main():
    folder = pathlib.Path(__file__).parent / "shapes"
    folder.mkdir(exist_ok=True)
    for case in map(pathlib.Path, sys.argv[1:]):
        lines = extract(case)
        (folder / f"{case.name}.txt").write_text("".join(f"{text}\n" for text in lines))
        print(case.name, len(lines))


if __name__ == "__main__":
    main()
