"""Convolutions and pooling."""

import math

import openvino as ov
from case import F16, F32, U8, add, const, dynamic, graph, i64, integers, make, normal, shuffled, uniform
from openvino import opset16 as ops


def window(rank, strides=1, begin=0, end=None, dilations=1, **more):
    """The attributes of a sliding window with the same number in every dimension, unless a list is given."""
    spread = lambda value: list(value) if isinstance(value, (list, tuple)) else [value] * rank  # noqa: E731
    return {"strides": spread(strides), "pads_begin": spread(begin), "pads_end": spread(begin if end is None else end),
            "dilations": spread(dilations), **more}


# name: (input, weights, attributes)
CONVOLUTIONS = {
    "plain": ((1, 3, 7, 8), (4, 3, 3, 3), window(2)),
    "padded": ((2, 3, 6, 7), (5, 3, 3, 3), window(2, begin=1)),
    "strided": ((1, 3, 9, 10), (4, 3, 3, 3), window(2, strides=2, begin=1)),
    "uneven": ((1, 2, 9, 8), (3, 2, 3, 2), window(2, strides=(2, 1), begin=(1, 0), end=(0, 2), dilations=(1, 2))),
    "dilated": ((1, 2, 10, 9), (3, 2, 3, 3), window(2, begin=2, dilations=2)),
    "pointwise": ((2, 5, 4, 3), (7, 5, 1, 1), window(2)),
    "pointwise_strided": ((1, 8, 5, 5), (16, 8, 1, 1), window(2, strides=2)),
    "one_input_channel": ((1, 1, 8, 8), (16, 1, 3, 3), window(2, begin=1)),
    "stem": ((1, 3, 17, 17), (16, 3, 7, 7), window(2, strides=2, begin=3)),
    "wide": ((1, 17, 5, 6), (35, 17, 3, 3), window(2, begin=1)),
    "blocked": ((1, 32, 6, 7), (32, 32, 3, 3), window(2, begin=1)),
    "same_upper": ((1, 2, 6, 7), (3, 2, 3, 4), window(2, strides=2, auto_pad="same_upper")),
    "same_lower": ((1, 2, 6, 7), (3, 2, 3, 4), window(2, strides=2, auto_pad="same_lower")),
    "valid": ((1, 2, 6, 7), (3, 2, 3, 3), window(2, begin=1, auto_pad="valid")),
    "row": ((2, 3, 11), (4, 3, 3), window(1, strides=2, begin=1)),
    "row_dilated": ((1, 3, 13), (4, 3, 3), window(1, begin=(4,), end=(0,), dilations=2)),
    "volume": ((1, 2, 4, 5, 6), (3, 2, 3, 2, 3), window(3, strides=(1, 2, 1), begin=1)),
}
for name, (shape, kernel, attributes) in CONVOLUTIONS.items():
    add("Convolution", 1, name, normal(*shape), const(normal(*kernel)), **attributes)
add("Convolution", 1, "weights_parameter", normal(1, 3, 5, 5), normal(4, 3, 3, 3), **window(2))
add("Convolution", 1, "f16", normal(1, 3, 5, 6, dtype=F16), const(normal(4, 3, 3, 3, dtype=F16, scale=0.25)), **window(2, begin=1))
add("Convolution", 1, "dynamic", dynamic(normal(2, 3, 7, 6), "?,3,?,?"), const(normal(4, 3, 3, 3)), **window(2, begin=1))
add("Convolution", 1, "dynamic_same_upper", dynamic(normal(1, 3, 7, 6), "?,3,?,?"), const(normal(4, 3, 3, 3)), **window(2, strides=2, auto_pad="same_upper"))


def fused(x, weights, bias):
    return ops.relu(ops.add(make("Convolution", 1, x, weights, **window(2, begin=1)), bias))


graph("Convolution", 1, "bias_relu", fused, normal(1, 8, 6, 6), const(normal(16, 8, 3, 3)), const(normal(1, 16, 1, 1)))

GROUPED = {
    "two_groups": ((1, 4, 6, 7), (2, 3, 2, 3, 3), window(2, begin=1)),
    "depthwise": ((2, 5, 6, 7), (5, 1, 1, 3, 3), window(2, begin=1)),
    "depthwise_strided": ((1, 16, 9, 9), (16, 1, 1, 3, 3), window(2, strides=2, begin=1)),
    "depthwise_wide": ((1, 35, 7, 6), (35, 1, 1, 5, 5), window(2, begin=2)),
    "multiplier": ((1, 3, 6, 6), (3, 2, 1, 3, 3), window(2)),
    "dilated": ((1, 4, 9, 9), (4, 1, 1, 3, 3), window(2, begin=2, dilations=2)),
    "same_lower": ((1, 4, 6, 7), (2, 2, 2, 3, 3), window(2, strides=2, auto_pad="same_lower")),
    "one_group": ((1, 4, 5, 5), (1, 3, 4, 3, 3), window(2)),
    "row": ((2, 4, 9), (4, 1, 1, 3), window(1, begin=1)),
    "volume": ((1, 4, 4, 4, 4), (2, 2, 2, 3, 3, 3), window(3, begin=1)),
    "pointwise": ((1, 8, 4, 4), (2, 8, 4, 1, 1), window(2)),
}
for name, (shape, kernel, attributes) in GROUPED.items():
    add("GroupConvolution", 1, name, normal(*shape), const(normal(*kernel)), **attributes)
add("GroupConvolution", 1, "f16", normal(1, 4, 5, 6, dtype=F16), const(normal(4, 1, 1, 3, 3, dtype=F16)), **window(2, begin=1))
add("GroupConvolution", 1, "dynamic", dynamic(normal(2, 4, 7, 6), "?,4,?,?"), const(normal(4, 1, 1, 3, 3)), **window(2, begin=1))

# Transposed convolutions: name: (input, weights, attributes, output shape)
TRANSPOSED = {
    "plain": ((1, 3, 4, 5), (3, 4, 3, 3), window(2), None),
    "strided": ((1, 3, 4, 5), (3, 4, 3, 3), window(2, strides=2, begin=1), None),
    "output_padding": ((1, 3, 4, 5), (3, 4, 3, 3), window(2, strides=2, begin=1, output_padding=[1, 1]), None),
    "doubling": ((1, 8, 4, 4), (8, 6, 2, 2), window(2, strides=2), None),
    "uneven": ((2, 3, 4, 5), (3, 2, 3, 2), window(2, strides=(2, 3), begin=(1, 0), end=(0, 1)), None),
    "dilated": ((1, 2, 5, 4), (2, 3, 3, 3), window(2, begin=1, dilations=2), None),
    "row": ((2, 3, 6), (3, 4, 4), window(1, strides=2, begin=1), None),
    "volume": ((1, 2, 3, 3, 4), (2, 3, 3, 3, 2), window(3, strides=(1, 2, 1), begin=(1, 1, 0)), None),
    "same_upper_shape": ((1, 3, 4, 5), (3, 4, 3, 3), window(2, strides=2, auto_pad="same_upper"), (8, 9)),
    "same_lower_shape": ((1, 3, 4, 5), (3, 4, 3, 3), window(2, strides=2, auto_pad="same_lower"), (8, 9)),
}
for name, (shape, kernel, attributes, output) in TRANSPOSED.items():
    extra = (const(i64(*output)),) if output else ()
    add("ConvolutionBackpropData", 1, name, normal(*shape), const(normal(*kernel)), *extra, **attributes)
    if name in ("row", "doubling", "same_lower_shape"):
        continue
    groups, outputs = 2 if shape[1] % 2 == 0 else shape[1], 2
    add("GroupConvolutionBackpropData", 1, name, normal(*shape), const(normal(groups, shape[1] // groups, outputs, *kernel[2:])), *extra, **attributes)
add("ConvolutionBackpropData", 1, "f16", normal(1, 3, 4, 5, dtype=F16), const(normal(3, 4, 3, 3, dtype=F16, scale=0.25)), **window(2, strides=2))
add("ConvolutionBackpropData", 1, "dynamic", dynamic(normal(2, 3, 4, 5), "?,3,?,?"), const(normal(3, 4, 3, 3)), **window(2, strides=2, begin=1))
add("GroupConvolutionBackpropData", 1, "depthwise", normal(1, 4, 4, 5), const(normal(4, 1, 1, 3, 3)), **window(2, strides=2, begin=1))
add("GroupConvolutionBackpropData", 1, "dynamic", dynamic(normal(2, 4, 4, 5), "?,4,?,?"), const(normal(2, 2, 3, 3, 3)), **window(2, strides=2, begin=1))


def offsets(groups, taps, height, width, low=-1.5, high=1.5):
    return uniform(1, groups * taps * 2, height, width, low=low, high=high)


for version in (1, 8):
    add("DeformableConvolution", version, "plain", normal(1, 2, 6, 6), offsets(1, 9, 4, 4), const(normal(3, 2, 3, 3)), **window(2), group=1, deformable_group=1)
    add("DeformableConvolution", version, "padded", normal(1, 2, 5, 6), offsets(1, 9, 5, 6), const(normal(3, 2, 3, 3)), **window(2, begin=1), group=1, deformable_group=1)
    add("DeformableConvolution", version, "strided", normal(1, 4, 7, 7), offsets(1, 9, 4, 4), const(normal(4, 4, 3, 3)), **window(2, strides=2, begin=1), group=1, deformable_group=1)
    add("DeformableConvolution", version, "groups", normal(1, 4, 6, 6), offsets(2, 9, 4, 4), const(normal(6, 2, 3, 3)), **window(2), group=2, deformable_group=2)
    add("DeformableConvolution", version, "dilated", normal(1, 2, 7, 7), offsets(1, 4, 5, 5), const(normal(3, 2, 2, 2)), **window(2, dilations=2), group=1, deformable_group=1)
add("DeformableConvolution", 8, "mask", normal(1, 2, 6, 6), offsets(1, 9, 4, 4), const(normal(3, 2, 3, 3)), uniform(1, 9, 4, 4), **window(2), group=1, deformable_group=1)
add("DeformableConvolution", 8, "bilinear_padding", normal(1, 2, 6, 6), offsets(1, 9, 6, 6, -3, 3), const(normal(3, 2, 3, 3)), **window(2, begin=1),
    group=1, deformable_group=1, bilinear_interpolation_pad=True)
add("DeformableConvolution", 8, "dynamic", dynamic(normal(1, 2, 6, 6), "?,2,?,?"), dynamic(offsets(1, 9, 4, 4), "?,18,?,?"), const(normal(3, 2, 3, 3)), **window(2), group=1, deformable_group=1)


def binary(pad_value, weights, **attributes):
    """A BinaryConvolution over u1 weights whose bytes read the same from both ends: bit order is not settled (see README.md)."""
    def build(x):
        count = math.prod(weights) // 8
        pattern = bytes(0x81 if i % 3 == 0 else 0x3C if i % 3 == 1 else 0xE7 for i in range(count))
        kernel = ov.op.Constant(ov.Type.u1, ov.Shape(weights), [(byte >> (7 - bit)) & 1 for byte in pattern for bit in range(8)])
        return make("BinaryConvolution", 1, x, kernel, mode="xnor-popcount", pad_value=pad_value, **attributes)

    return build


signs = uniform(1, 8, 5, 6).map(lambda a: (a > 0.5).astype(F32))
graph("BinaryConvolution", 1, "valid", binary(0.0, [4, 8, 3, 3], **window(2)), signs)
graph("BinaryConvolution", 1, "pad_zero", binary(0.0, [4, 8, 3, 3], **window(2, begin=1)), signs)
graph("BinaryConvolution", 1, "pad_one", binary(1.0, [4, 8, 3, 3], **window(2, begin=1)), signs)
graph("BinaryConvolution", 1, "strided", binary(0.0, [8, 8, 1, 1], **window(2, strides=2)), signs)


def pool(kernel, strides=1, begin=0, end=None, **more):
    attributes = window(len(kernel), strides, begin, end, **more)
    del attributes["dilations"]
    return {"kernel": list(kernel), **attributes}


# name: (input, window, stride, padding at the beginning, at the end, rounding, automatic padding)
POOLS = {
    "plain": ((1, 3, 6, 7), (2, 2), 2, 0, 0, "floor", "explicit"),
    "overlapping": ((2, 3, 7, 8), (3, 3), 1, 1, 1, "floor", "explicit"),
    "uneven": ((1, 2, 7, 8), (3, 2), (2, 1), (1, 0), (0, 1), "floor", "explicit"),
    "ceiling": ((1, 3, 6, 8), (3, 3), 2, 0, 0, "ceil", "explicit"),
    "same_upper": ((1, 3, 6, 7), (3, 3), 2, 0, 0, "floor", "same_upper"),
    "same_lower": ((1, 3, 6, 7), (2, 4), 2, 0, 0, "floor", "same_lower"),
    "valid": ((1, 3, 6, 7), (3, 3), 2, 0, 0, "floor", "valid"),
    "row": ((2, 3, 11), (3,), 2, 1, 1, "floor", "explicit"),
    "volume": ((1, 2, 4, 5, 6), (2, 3, 2), (1, 2, 2), (0, 1, 0), (1, 1, 0), "floor", "explicit"),
    "whole": ((2, 17, 5, 4), (5, 4), 1, 0, 0, "floor", "explicit"),
}
for name, (shape, kernel, strides, begin, end, rounding, auto_pad) in POOLS.items():
    attributes = pool(kernel, strides, begin, end, rounding_type=rounding, auto_pad=auto_pad)
    dilations = {"dilations": [1] * len(kernel), "axis": 0}
    if name not in ("plain", "valid"):
        add("MaxPool", 1, name, shuffled(*shape), **attributes)
    add("MaxPool", 8, name, shuffled(*shape), **attributes, **dilations, index_element_type="i64")
    if name in ("overlapping", "ceiling"):
        add("MaxPool", 14, name, shuffled(*shape), **attributes, **dilations, index_element_type="i64")
    for version in (1, 14, 16) if name in ("overlapping", "ceiling") else (1,) if name in ("whole", "row", "plain") else (16,):
        more = {"dilations": [1] * len(kernel)} if version == 16 else {}
        for exclude in (False, True):
            if not exclude and name.startswith("same_"):
                continue
            add("AvgPool", version, name + ("_excluding" if exclude else ""), normal(*shape), **attributes, **more, **{"exclude-pad": exclude})
for version in (8, 14):
    dilated = {**pool((2, 3), 1, 1), "dilations": [3, 2], "axis": 0}
    add("MaxPool", version, "dilated", shuffled(1, 2, 8, 9), **dilated, index_element_type="i64")
    add("MaxPool", version, "indices_i32", shuffled(1, 2, 6, 6), **pool((2, 2), 2), dilations=[1, 1], index_element_type="i32", axis=0)
    add("MaxPool", version, "indices_from_spatial", shuffled(2, 3, 6, 6), **pool((2, 2), 2), dilations=[1, 1], index_element_type="i64", axis=2)
    add("MaxPool", version, "dynamic", dynamic(shuffled(2, 3, 7, 6), "?,3,?,?"), **pool((2, 2), 2), dilations=[1, 1], index_element_type="i64", axis=0)
    add("MaxPool", version, "f16", shuffled(1, 3, 6, 6, dtype=F16), **pool((2, 2), 2), dilations=[1, 1], index_element_type="i64", axis=0)
add("MaxPool", 14, "ceiling_torch", shuffled(1, 3, 6, 7), **pool((2, 2), 2, 1, rounding_type="ceil_torch"), dilations=[1, 1], axis=0)
for version, more in ((14, {}), (16, {"dilations": [1, 1]})):
    for exclude in (False, True):
        add("AvgPool", version, "ceiling_torch" + "_excluding" * exclude, normal(1, 3, 6, 7), **pool((2, 2), 2, 1, rounding_type="ceil_torch"), **more, **{"exclude-pad": exclude})
    add("AvgPool", version, "dynamic", dynamic(normal(2, 3, 7, 6), "?,3,?,?"), **pool((2, 2), 2), **more, **{"exclude-pad": True})
add("AvgPool", 1, "dynamic", dynamic(normal(2, 3, 7, 6), "?,3,?,?"), **pool((2, 2), 2), **{"exclude-pad": True})
add("AvgPool", 1, "f16", normal(1, 3, 6, 6, dtype=F16), **pool((2, 2), 2), **{"exclude-pad": True})
add("AvgPool", 16, "dilated", normal(1, 2, 8, 9), **pool((2, 3), 1), dilations=[3, 2], **{"exclude-pad": False})
add("AvgPool", 16, "dilated_excluding", normal(1, 2, 8, 9), **pool((2, 3), 2, 1), dilations=[2, 2], **{"exclude-pad": True})
add("MaxPool", 1, "dynamic", dynamic(shuffled(2, 3, 7, 6), "?,3,?,?"), **pool((2, 2), 2))
add("MaxPool", 1, "f16", shuffled(1, 3, 6, 6, dtype=F16), **pool((3, 3), 1, 1))
add("MaxPool", 8, "u8", integers(1, 2, 5, 6, low=0, high=256, dtype=U8), **pool((2, 2), 2), dilations=[1, 1], index_element_type="i64", axis=0)

for label, shape, output in (("row", (2, 3, 7), (3,)), ("image", (2, 3, 7, 5), (3, 2)), ("volume", (1, 2, 4, 5, 6), (2, 3, 4)), ("one", (2, 3, 5, 4), (1, 1)),
                             ("enlarging", (1, 2, 3, 4), (5, 6)), ("identity", (1, 2, 3, 4), (3, 4))):
    add("AdaptiveAvgPool", 8, label, normal(*shape), const(i64(*output)))
    add("AdaptiveMaxPool", 8, label, shuffled(*shape), const(i64(*output)), index_element_type="i32")
add("AdaptiveAvgPool", 8, "dynamic", dynamic(normal(2, 3, 7, 5), "?,3,?,?"), const(i64(2, 2)))
add("AdaptiveMaxPool", 8, "dynamic", dynamic(shuffled(2, 3, 7, 5), "?,3,?,?"), const(i64(2, 2)), index_element_type="i32")
add("AdaptiveAvgPool", 8, "shape_parameter", normal(1, 2, 6, 6), i64(2, 3))
