"""Constants of every element type, conversions and fake quantisation."""

import numpy as np
import openvino as ov
from case import BOOL, F16, F32, I8, I32, I64, U8, add, array, booleans, const, dynamic, f32, graph, integers, normal, scalar, uniform
from openvino import opset16 as ops

# Values every type holds exactly; nine of them, so that types of less than a byte end inside one.
CONSTANTS = {
    "f32": (-2.5, -1, -0.1, 0, 0.1, 1, 3.25, 1e30, 7), "f16": (-2.5, -1, -0.25, 0, 0.25, 1, 3.25, 60000, 7),
    "f64": (-2.5, -1, -0.25, 0, 0.25, 1, 3.25, 1e30, 7), "bf16": (-2.5, -1, -0.25, 0, 0.25, 1, 3.25, 1024, 7),
    "f8e4m3": (-2.5, -1, -0.25, 0, 0.25, 1, 3.25, 448, 7), "f8e5m2": (-2.5, -1, -0.25, 0, 0.25, 1, 3.5, 1024, 7),
    "f8e8m0": (0.125, 0.25, 0.5, 1, 2, 4, 8, 1024, 16), "f4e2m1": (-6, -1.5, -0.5, 0, 0.5, 1, 2, 3, 4),
    "nf4": (-1, -0.6961928, 0, 0.07958029, 0.1609302, 0.2461123, 0.3379152, 0.5626170, 1),
    "i4": (-8, -3, -1, 0, 1, 2, 5, 6, 7), "i8": (-128, -3, -1, 0, 1, 2, 5, 6, 127), "i16": (-30000, -3, -1, 0, 1, 2, 5, 6, 30000),
    "i32": (-(2**24), -3, -1, 0, 1, 2, 5, 6, 2**24), "i64": (-(2**24), -3, -1, 0, 1, 2, 5, 6, 2**24),
    "u1": (1, 0, 1, 1, 0, 0, 0, 1, 1), "u2": (0, 1, 2, 3, 3, 2, 1, 0, 2), "u3": (0, 1, 2, 3, 4, 5, 6, 7, 5), "u4": (0, 1, 2, 3, 9, 12, 14, 15, 5),
    "u6": (0, 1, 2, 3, 17, 33, 62, 63, 5), "u8": (0, 1, 2, 3, 127, 128, 254, 255, 5), "u16": (0, 1, 2, 3, 9, 12, 14, 65535, 5),
    "u32": (0, 1, 2, 3, 9, 12, 14, 2**24, 5), "u64": (0, 1, 2, 3, 9, 12, 14, 2**24, 5), "boolean": (1, 0, 1, 1, 0, 0, 0, 1, 1),
}


def widened(kind, values, shape):
    """A Constant of this type, told in f32, as a network's weights would be."""
    return lambda x: ops.add(x, ops.convert(ov.op.Constant(getattr(ov.Type, kind), ov.Shape(shape), list(values)), "f32"))


for kind, values in CONSTANTS.items():
    graph("Constant", 1, kind, widened(kind, values, [3, 3]), normal(3, 3))
    if kind in ("u1", "u2", "u3", "u4", "i4", "u6", "nf4", "f4e2m1"):
        graph("Constant", 1, kind + "_even", widened(kind, values[:8], [8]), normal(8))
for kind in ("i32", "i64", "u8", "f16", "f64", "boolean"):
    graph("Constant", 1, kind + "_itself", lambda k=kind: ov.op.Constant(getattr(ov.Type, k), ov.Shape([9]), list(CONSTANTS[k])))
graph("Constant", 1, "scalar", lambda x: ops.add(x, ov.op.Constant(ov.Type.f32, ov.Shape([]), [1.5])), normal(2, 3))
graph("Constant", 1, "no_elements", lambda x: ops.concat([x, ops.constant(np.zeros((2, 0), np.float32))], 1), normal(2, 3))

def shared_bytes(x):
    """Two Constants of equal bytes and different shapes: the writer stores the bytes once."""
    values = np.arange(6, dtype=F32)
    return ops.add(ops.multiply(x, ops.constant(values.reshape(2, 3))), ops.reshape(ops.constant(values.reshape(3, 2)), [2, 3], False))


graph("Constant", 1, "shared_bytes", shared_bytes, normal(2, 3))


def strings(*_):
    tensor = ov.Tensor(ov.Type.string, ov.Shape([4]))
    tensor.str_data = ["one", "", "größer", "a b"]
    return ops.string_tensor_unpack(ov.op.Constant(tensor))


graph("Constant", 1, "strings", strings)

TYPES = {"f32": F32, "f16": F16, "f64": np.float64, "i8": I8, "u8": U8, "i16": np.int16, "u16": np.uint16, "i32": I32, "u32": np.uint32, "i64": I64,
         "u64": np.uint64, "boolean": BOOL}
for source, targets in {
    "f32": ("f16", "f64", "i8", "u8", "i16", "u16", "i32", "i64", "boolean"), "f16": ("f32", "i32", "u8"), "f64": ("f32", "i32"),
    "i32": ("f32", "f16", "i8", "u8", "i64", "boolean"), "i64": ("f32", "i32"), "u8": ("f32", "f16", "i32"),
    "i8": ("f32", "i32"), "i16": ("f32",), "u16": ("f32",), "u32": ("i64",), "u64": ("f32",), "boolean": ("f32", "i32"),
}.items():
    for target in targets:
        unsigned = source.startswith("u") or target.startswith("u")
        value = (booleans(3, 5) if source == "boolean" else
                 uniform(3, 17, low=0 if unsigned else -99, high=99, dtype=TYPES[source]) if source.startswith("f") else
                 integers(3, 17, low=0 if unsigned else -99, high=100, dtype=TYPES[source]))
        if target == "boolean":
            value = value.map(lambda a: a * (np.arange(a.size) % 3 > 0).reshape(a.shape).astype(a.dtype))
        add("Convert", 1, f"{source}_{target}", value, destination_type=target)
add("Convert", 1, "wrapping_i32_u8", array([300, -5, 256, 511, -256], I32), destination_type="u8")
add("Convert", 1, "wrapping_i32_i8", array([300, -5, 128, -129, 1000], I32), destination_type="i8")
add("Convert", 1, "truncating", f32(-2.9, -0.5, 0.5, 2.9, 3.5), destination_type="i32")
add("Convert", 1, "rounding_f16", f32(1.0002, 1.0005, 2049, 2051, 65504, 1e-7, 6.2e-5), destination_type="f16")
add("Convert", 1, "infinities_f16", f32(float("inf"), -float("inf"), 0), destination_type="f16")
add("Convert", 1, "dynamic", dynamic(uniform(3, 5, low=-9, high=9)), destination_type="i32")
for kind in ("f8e4m3", "f8e5m2"):
    graph("Convert", 1, "through_" + kind, lambda x, k=kind: ops.convert(ops.convert(x, k), "f32"), normal(4, 9))

add("ConvertLike", 1, "f32_i32", uniform(3, 5, low=-9, high=9), integers(2))
add("ConvertLike", 1, "i32_f16", integers(3, 5), normal(1, dtype=F16))
add("ConvertLike", 1, "u8_f32_constant", integers(3, 5, low=0, high=256, dtype=U8), const(normal(1)))
add("ConvertLike", 1, "i64_boolean", integers(3, 5, low=0, high=2, dtype=I64), booleans(2))
add("ConvertLike", 1, "dynamic", dynamic(integers(3, 5)), dynamic(normal(2, 2)))
add("ConvertPromoteTypes", 14, "f16_f32", normal(3, dtype=F16), normal(2, 2))
add("ConvertPromoteTypes", 14, "i32_i64", integers(3), integers(2, dtype=I64))
add("ConvertPromoteTypes", 14, "u8_i8", integers(3, low=0, high=100, dtype=U8), integers(3, dtype=I8), promote_unsafe=True)
add("ConvertPromoteTypes", 14, "i64_f16", integers(3, dtype=I64), normal(3, dtype=F16), promote_unsafe=True)
add("ConvertPromoteTypes", 14, "boolean_i32", booleans(3), integers(3))
add("ConvertPromoteTypes", 14, "same", normal(3), normal(2))
add("ConvertPromoteTypes", 14, "scalar_keeps", normal(3, dtype=F16), scalar(1.5), promote_unsafe=True, pytorch_scalar_promotion=True)
add("ConvertPromoteTypes", 14, "dynamic", dynamic(normal(3, dtype=F16)), dynamic(normal(2)))


def ranges(*bounds, shape=()):
    return [const(array(bound, F32, shape) if not isinstance(bound, tuple) else array(bound, F32).map(lambda a, s=shape: a.reshape(s))) for bound in bounds]


for label, levels, bounds in (
    ("levels_256", 256, (-2, 2, -2, 2)), ("levels_255", 255, (-2, 2, -2, 2)), ("levels_16", 16, (-1.5, 1.75, -1, 3)), ("unsigned", 256, (0, 3, 0, 3)),
    ("two_levels", 2, (-0.5, 1, -1, 1)), ("to_whole_numbers", 256, (-2, 2, 0, 255)), ("reversed_output", 17, (-1, 1, 4, -4)),
):
    add("FakeQuantize", 1, label, normal(2, 3, 4, 5), *ranges(*bounds), levels=levels)
CHANNEL = (1, 3, 1, 1)
PER_CHANNEL = ranges((-1, -2, -0.5), (1, 1.5, 0.75), (-1, -2, -0.5), (1, 1.5, 0.75), shape=CHANNEL)
add("FakeQuantize", 1, "per_channel", normal(2, 3, 4, 5), *PER_CHANNEL, levels=256)
add("FakeQuantize", 1, "per_channel_input", normal(2, 3, 4, 5), *PER_CHANNEL[:2], *ranges(-1, 1), levels=256)
add("FakeQuantize", 1, "per_channel_output", normal(2, 3, 4, 5), *ranges(-1, 1), *PER_CHANNEL[2:], levels=256)
add("FakeQuantize", 1, "last_axis", normal(4, 3), *ranges((-1, -2, -0.5), (1, 1.5, 0.75), (-1, -2, -0.5), (1, 1.5, 0.75), shape=(3,)), levels=256)
add("FakeQuantize", 1, "weights", normal(3, 4), *ranges((-1, -2, -0.5), (1, 1.5, 0.75), (-1, -2, -0.5), (1, 1.5, 0.75), shape=(3, 1)), levels=255)
add("FakeQuantize", 1, "parameters", normal(2, 9), scalar(-1), scalar(1), scalar(-2), scalar(2), levels=256)
add("FakeQuantize", 1, "dynamic", dynamic(normal(2, 3, 4, 5), "?,3,?,?"), *PER_CHANNEL, levels=256)
add("FakeQuantize", 1, "f16", normal(2, 3, 7, dtype=F16), *(const(scalar(v, F16)) for v in (-1, 1, -1, 1)), levels=16)

for kind in ("f8e4m3", "f8e5m2"):
    add("FakeConvert", 13, kind, normal(3, 17), const(scalar(1.0)), destination_type=kind)
    add("FakeConvert", 13, kind + "_scale_shift", normal(3, 8), const(scalar(4.0)), const(scalar(-0.5)), destination_type=kind)
    add("FakeConvert", 13, kind + "_per_row", normal(3, 8), const(array([[1], [8], [0.5]])), destination_type=kind)
    add("FakeConvert", 13, kind + "_beyond", f32(500, -1e6, 448, 57344, 1e-4, 0), const(scalar(1.0)), destination_type=kind)
    add("FakeConvert", 13, kind + "_dynamic", dynamic(normal(3, 8)), const(scalar(2.0)), destination_type=kind)
