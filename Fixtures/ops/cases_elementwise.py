"""Operations that work on each element by itself: unary and binary mathematics, activations, comparisons, logic, bits, Select."""

from case import BOOL, F16, F32, I8, I32, I64, U8, add, array, booleans, const, dynamic, f32, i32, integers, normal, scalar, uniform

# A row longer than any vector register, and not a multiple of one.
LONG = 131

# name: (version, lowest, highest value it is tried with)
UNARY = {
    "Abs": (1, -4, 4), "Acos": (1, -1, 1), "Acosh": (4, 1, 9), "Asin": (1, -1, 1), "Asinh": (4, -9, 9), "Atan": (1, -9, 9),
    "Atanh": (4, -0.95, 0.95), "Ceiling": (1, -9, 9), "Cos": (1, -9, 9), "Cosh": (1, -4, 4), "Erf": (1, -4, 4), "Exp": (1, -9, 4),
    "Floor": (1, -9, 9), "Log": (1, 0.01, 99), "Negative": (1, -4, 4), "Sign": (1, -4, 4), "Sin": (1, -9, 9), "Sinh": (1, -4, 4),
    "Sqrt": (1, 0, 99), "Tan": (1, -1.4, 1.4), "Tanh": (1, -4, 4), "Identity": (16, -4, 4), "Relu": (1, -4, 4), "Sigmoid": (1, -9, 9),
    "Mish": (4, -9, 9), "SoftPlus": (4, -9, 9), "SoftSign": (9, -9, 9), "HSwish": (4, -5, 5), "HSigmoid": (5, -5, 5),
}
for name, (version, low, high) in UNARY.items():
    add(name, version, "f32", uniform(2, LONG, low=low, high=high))
    add(name, version, "f16", uniform(3, 7, low=low, high=high, dtype=F16))
    add(name, version, "dynamic", dynamic(uniform(2, 3, 4, 2, low=low, high=high)))

for name in ("Abs", "Negative", "Sign", "Identity", "Relu"):
    add(name, UNARY[name][0], "i32", integers(3, 5))
    add(name, UNARY[name][0], "i64", integers(2, 4, dtype=I64))
for name in ("Abs", "Negative"):
    add(name, 1, "i8", integers(19, dtype=I8))
for name in ("Ceiling", "Floor"):
    add(name, 1, "i32", integers(3, 5))
    add(name, 1, "halves", f32(-2.5, -2, -1.5, -1, -0.75, 0, 0.25, 0.5, 1, 1.5, 2, 8388609))
for name in ("Abs", "Sin", "Relu"):
    add(name, UNARY[name][0], "scalar", scalar(-1.75))
    add(name, UNARY[name][0], "no_elements", dynamic(normal(2, 0, 3)))
for mode in ("half_to_even", "half_away_from_zero"):
    add("Round", 5, mode, f32(-2.5, -1.5, -1.25, -1, 0, 0.25, 0.75, 1, 1.5, 2.5, 3.5, 4.5, 5.5), mode=mode)
    add("Round", 5, mode + "_f16", array([-2.5, -1.5, 1.5, 2.5, 3.25, 60000], F16), mode=mode)
    add("Round", 5, mode + "_dynamic", dynamic(uniform(3, 5, low=-9, high=9)), mode=mode)
add("Identity", 16, "boolean", booleans(3, 4))
add("Identity", 16, "u8", integers(3, 4, low=0, high=256, dtype=U8))

INFINITY = float("inf")
for name, values in {
    "Exp": (-200, -88, -1e-6, 0, 1e-6, 80), "Tanh": (-50, -9, -1e-4, 0, 1e-4, 9, 50), "Erf": (-9, -1e-4, 0, 1e-4, 9),
    "Sigmoid": (-100, -20, 0, 20, 100), "SoftPlus": (-100, -20, 0, 20, 100), "Mish": (-100, -20, 0, 20, 100),
    "Log": (1e-30, 1, 1e30, INFINITY), "Sqrt": (0, 1e-30, 1e30, INFINITY), "Abs": (-INFINITY, -0.0, INFINITY),
    "Sign": (-INFINITY, -1e-30, 0, 1e-30, INFINITY), "HSwish": (-1e4, -3, 0, 3, 1e4), "HSigmoid": (-1e4, -3, 0, 3, 1e4),
    "SoftSign": (-1e6, 0, 1e6), "Asinh": (-1e6, -1e-3, 0, 1e-3, 1e6), "Atan": (-1e9, 0, 1e9),
}.items():
    add(name, UNARY[name][0], "extremes", f32(*values))

# Activations with parameters.
add("Elu", 1, "f32", normal(2, 3, 5, scale=3), alpha=1.0)
add("Elu", 1, "alpha", normal(2, 3, 5, scale=3), alpha=0.25)
add("Elu", 1, "f16", normal(3, 7, dtype=F16), alpha=0.5)
add("Elu", 1, "dynamic", dynamic(normal(3, LONG)), alpha=2.0)
SELU = (const(scalar(1.67326324)), const(scalar(1.05070098)))
add("Selu", 1, "f32", normal(2, 3, 5), *SELU)
add("Selu", 1, "vector_parameters", normal(2, 3, 5), const(f32(0.5)), const(f32(2.0)))
add("Selu", 1, "f16", normal(3, 7, dtype=F16), const(scalar(1.5, F16)), const(scalar(0.75, F16)))
add("Selu", 1, "dynamic", dynamic(normal(3, LONG)), *SELU)
for version, modes in ((2, ({},)), (7, ({"approximation_mode": "ERF"}, {"approximation_mode": "TANH"}))):
    for attributes in modes:
        prefix = attributes["approximation_mode"].lower() + "_" if attributes else ""
        add("Gelu", version, prefix + "f32", normal(2, 3, 5, scale=2), **attributes)
        add("Gelu", version, prefix + "f16", normal(3, 7, dtype=F16), **attributes)
        add("Gelu", version, prefix + "dynamic", dynamic(normal(3, LONG)), **attributes)
        add("Gelu", version, prefix + "extremes", f32(-50, -6, -1e-4, 0, 1e-4, 6, 50), **attributes)
add("Swish", 4, "f32", normal(2, 3, 5, scale=3))
add("Swish", 4, "beta", normal(2, 3, 5, scale=3), const(scalar(0.5)))
add("Swish", 4, "beta_parameter", normal(2, 3, 5, scale=3), scalar(1.5))
add("Swish", 4, "f16", normal(3, 7, dtype=F16))
add("Swish", 4, "dynamic", dynamic(normal(3, LONG)))
add("HardSigmoid", 1, "f32", normal(2, 3, 5, scale=3), const(scalar(0.2)), const(scalar(0.5)))
add("HardSigmoid", 1, "steep", normal(2, 3, 5), const(scalar(1.25)), const(scalar(0.1)))
add("HardSigmoid", 1, "f16", normal(3, 7, dtype=F16), const(scalar(0.25, F16)), const(scalar(0.5, F16)))
add("HardSigmoid", 1, "dynamic", dynamic(normal(3, LONG)), const(scalar(0.2)), const(scalar(0.5)))
add("Clamp", 1, "f32", normal(2, 3, 5, scale=4), min=0.0, max=6.0)
add("Clamp", 1, "negative", normal(2, 3, 5, scale=4), min=-1.5, max=-0.25)
add("Clamp", 1, "i32", integers(4, 5), min=-3.0, max=4.0)
add("Clamp", 1, "i64", integers(4, 5, dtype=I64), min=-3.0, max=4.0)
add("Clamp", 1, "u8", integers(19, low=0, high=256, dtype=U8), min=16.0, max=200.0)
add("Clamp", 1, "f16", normal(3, 7, dtype=F16), min=-0.5, max=0.5)
add("Clamp", 1, "dynamic", dynamic(normal(3, LONG)), min=-1.0, max=1.0)
add("PRelu", 1, "scalar", normal(2, 3, 4), const(f32(0.25)))
add("PRelu", 1, "channels", normal(2, 3, 4, 5), const(normal(3)))
add("PRelu", 1, "channels_2d", normal(4, 5), const(normal(5)))
add("PRelu", 1, "broadcast", normal(2, 3, 4), const(normal(3, 1)))
add("PRelu", 1, "parameter", normal(2, 3, 4, 5), normal(3))
add("PRelu", 1, "f16", normal(2, 3, 4, dtype=F16), const(normal(3, dtype=F16)))
add("PRelu", 1, "dynamic", dynamic(normal(2, 3, 4)), const(normal(3)))

for version, axes in ((1, (0, 1, 2)), (8, (0, 1, -1))):
    for axis in axes:
        add("Softmax", version, f"axis_{axis}".replace("-", "m"), normal(3, 4, 5, scale=2), axis=axis)
    add("Softmax", version, "large", array([[1000, 1001, 999.5], [-1000, -999, -1002]]), axis=1)
    add("Softmax", version, "f16", normal(3, 7, dtype=F16), axis=1)
    add("Softmax", version, "long_row", normal(2, LONG, scale=4), axis=1)
    add("Softmax", version, "dynamic", dynamic(normal(2, 3, 5)), axis=2)
for axis in (0, 1, -1):
    add("LogSoftmax", 5, f"axis_{axis}".replace("-", "m"), normal(3, 4, 5, scale=2), axis=axis)
add("LogSoftmax", 5, "large", array([[1000, 1001, 999.5], [-1000, -999, -1002]]), axis=1)
add("LogSoftmax", 5, "f16", normal(3, 7, dtype=F16), axis=1)
add("LogSoftmax", 5, "dynamic", dynamic(normal(2, 3, 67)), axis=-1)

# name: (lowest and highest of the left side, of the right side), whole numbers for integers
BINARY = {
    "Add": ((-9, 9), (-9, 9)), "Subtract": ((-9, 9), (-9, 9)), "Multiply": ((-9, 9), (-9, 9)), "Divide": ((1, 99), (1, 9)),
    "Mod": ((-20, 20), (1, 6)), "FloorMod": ((-20, 20), (1, 6)), "Maximum": ((-9, 9), (-9, 9)), "Minimum": ((-9, 9), (-9, 9)),
    "Power": ((0.25, 3), (-2, 3)), "SquaredDifference": ((-9, 9), (-9, 9)),
}
# name: (shape of the left side, of the right side)
BROADCASTS = {
    "same": ((2, 3, 5), (2, 3, 5)), "right_scalar": ((2, 3, 5), ()), "left_scalar": ((), (2, 3, 5)), "right_row": ((2, 3, 5), (5,)),
    "right_channels": ((2, 3, 4, 5), (3, 1, 1)), "left_smaller": ((3, 1), (2, 3, 5)), "both": ((2, 1, 5), (3, 1)), "five": ((2, 1, 3, 1, 2), (4, 1, 5, 1)),
}
for name, (left, right) in BINARY.items():
    for label in BROADCASTS if name in ("Add", "Subtract") else ("same", "right_scalar", "both"):
        a, b = BROADCASTS[label]
        add(name, 1, label, uniform(*a, low=left[0], high=left[1]), uniform(*b, low=right[0], high=right[1]))
    add(name, 1, "constant", uniform(2, 3, LONG, low=left[0], high=left[1]), const(uniform(3, 1, low=right[0], high=right[1])))
    add(name, 1, "f16", uniform(3, 7, low=left[0], high=left[1], dtype=F16), uniform(7, low=right[0], high=right[1], dtype=F16))
    low, high = (1, 4) if name == "Power" else (left[0], left[1] + 1), (1, 4) if name == "Power" else (right[0], right[1] + 1)
    for label, dtype in (("i32", I32), ("i64", I64)):
        add(name, 1, label, integers(4, 5, low=low[0], high=low[1], dtype=dtype), integers(5, low=high[0], high=high[1], dtype=dtype))
    add(name, 1, "dynamic", dynamic(uniform(2, 3, 5, low=left[0], high=left[1])), dynamic(uniform(3, 1, low=right[0], high=right[1])))
for name in ("Subtract", "Power"):
    left, right = BINARY[name]
    add(name, 1, "none", uniform(3, 5, low=left[0], high=left[1]), uniform(3, 5, low=right[0], high=right[1]), auto_broadcast="none")
    add(name, 1, "pdpd", uniform(2, 3, 5, low=left[0], high=left[1]), uniform(2, 3, 1, low=right[0], high=right[1]), auto_broadcast="pdpd")
for name in ("Maximum", "Minimum", "Add", "Multiply"):
    add(name, 1, "u8", integers(19, low=0, high=15, dtype=U8), integers(19, low=0, high=15, dtype=U8))
for name in ("Mod", "FloorMod"):
    add(name, 1, "signs", f32(7, -7, 7, -7, 5.5, -5.5), f32(3, 3, -3, -3, 2, -2))
    add(name, 1, "signs_i32", i32(7, -7, 7, -7, 6, -6), i32(3, 3, -3, -3, -2, 2))
add("Divide", 1, "signs", f32(7, -7, 7, -7, 0), f32(3, 3, -3, -3, 2))
add("Divide", 1, "by_zero", f32(1, -1), f32(0, 0))
add("Divide", 1, "exact_i32", i32(6, -6, 6, -6, 0), i32(3, 3, -3, -3, 2))
add("Divide", 1, "truncating", i32(7, 8, 9, 10), i32(3, 3, 3, 3), m_pythondiv=False)
add("Power", 1, "negative_base", f32(-2, -2, -2, -0.5), f32(2, 3, -1, 2))
for exponent in (0.5, 2.0, 3.0, -1.0, 0.0):
    add("Power", 1, f"exponent_{exponent:g}".replace("-", "m").replace(".", "p"), uniform(2, 33, low=0.25, high=4), const(scalar(exponent)))

for name in ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"):
    small = {"low": -2, "high": 3}
    for label in ("same", "right_scalar", "both"):
        a, b = BROADCASTS[label]
        add(name, 1, label, integers(*a, dtype=F32, **small), integers(*b, dtype=F32, **small))
    for label, dtype in (("i32", I32), ("i64", I64)):
        add(name, 1, label, integers(4, 5, dtype=dtype, **small), integers(5, dtype=dtype, **small))
    add(name, 1, "u8", integers(33, low=0, high=4, dtype=U8), integers(33, low=0, high=4, dtype=U8))
    add(name, 1, "dynamic", dynamic(integers(2, 3, 5, dtype=F32, **small)), dynamic(integers(3, 1, dtype=F32, **small)))
add("Equal", 1, "f16", integers(4, 5, dtype=F16, **small), integers(5, dtype=F16, **small))
add("Less", 1, "f16", integers(4, 5, dtype=F16, **small), integers(5, dtype=F16, **small))
add("Greater", 1, "none", integers(3, 5, **small), integers(3, 5, **small), auto_broadcast="none")
add("Equal", 1, "boolean", booleans(3, 5), booleans(5))
add("NotEqual", 1, "boolean", booleans(3, 5), booleans(3, 1))

NAN = float("nan")
SPECIAL = (1, -INFINITY, 0, NAN, INFINITY, -2.5, 3e38, -0.0)
for name in ("IsFinite", "IsInf", "IsNaN"):
    add(name, 10, "f32", array([SPECIAL, SPECIAL[::-1]]))
    add(name, 10, "f16", array([value if abs(value) < 1e9 else 5 if value == 3e38 else value for value in SPECIAL], F16))
    add(name, 10, "dynamic", dynamic(array([SPECIAL] * 3)))
add("IsInf", 10, "positive", f32(*SPECIAL), detect_negative=False, detect_positive=True)
add("IsInf", 10, "negative", f32(*SPECIAL), detect_negative=True, detect_positive=False)
add("IsInf", 10, "neither", f32(*SPECIAL), detect_negative=False, detect_positive=False)

for name, version in (("LogicalAnd", 1), ("LogicalOr", 1), ("LogicalXor", 2), ("Xor", 1)):
    for label in ("same", "right_scalar", "both"):
        a, b = BROADCASTS[label]
        add(name, version, label, booleans(*a), booleans(*b))
    add(name, version, "dynamic", dynamic(booleans(2, 3, 5)), dynamic(booleans(3, 1)))
add("LogicalNot", 1, "row", booleans(67))
add("LogicalNot", 1, "image", booleans(2, 3, 4))
add("LogicalNot", 1, "dynamic", dynamic(booleans(2, 3)))

for name in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
    add(name, 13, "i32", integers(2, 3, 5, low=-1000, high=1000), integers(2, 3, 5, low=-1000, high=1000))
    add(name, 13, "u8", integers(3, 5, low=0, high=256, dtype=U8), integers(5, low=0, high=256, dtype=U8))
    add(name, 13, "i64", integers(3, 5, low=-99, high=99, dtype=I64), integers(3, 1, low=-99, high=99, dtype=I64))
    add(name, 13, "boolean", booleans(3, 5), booleans(3, 5))
    add(name, 13, "dynamic", dynamic(integers(2, 1, 5)), dynamic(integers(3, 1)))
add("BitwiseXor", 13, "none", integers(3, 5), integers(3, 5), auto_broadcast="none")
add("BitwiseNot", 13, "i32", integers(3, 5, low=-1000, high=1000))
add("BitwiseNot", 13, "u8", integers(19, low=0, high=256, dtype=U8))
add("BitwiseNot", 13, "i64", integers(3, 5, dtype=I64))
add("BitwiseNot", 13, "boolean", booleans(3, 5))
add("BitwiseNot", 13, "dynamic", dynamic(integers(3, 5)))
for name in ("BitwiseLeftShift", "BitwiseRightShift"):
    add(name, 15, "i32", integers(3, 5, low=0, high=1000), integers(3, 5, low=0, high=8))
    add(name, 15, "i64", integers(3, 5, low=0, high=1000, dtype=I64), integers(5, low=0, high=8, dtype=I64))
    add(name, 15, "u8", integers(3, 5, low=0, high=16, dtype=U8), integers(3, 1, low=0, high=4, dtype=U8))
    add(name, 15, "dynamic", dynamic(integers(2, 3, low=0, high=1000)), dynamic(integers(3, low=0, high=8)))

add("Select", 1, "same", booleans(2, 3, 5), normal(2, 3, 5), normal(2, 3, 5))
add("Select", 1, "none", booleans(3, 5), normal(3, 5), normal(3, 5), auto_broadcast="none")
add("Select", 1, "broadcast", booleans(3, 1), normal(2, 1, 5), normal(3, 5))
add("Select", 1, "scalar_condition", array(True, BOOL), normal(2, 3), normal(2, 3))
add("Select", 1, "scalar_branches", booleans(2, 3), scalar(1.5), scalar(-1.5))
add("Select", 1, "f16", booleans(67), normal(67, dtype=F16), normal(67, dtype=F16))
add("Select", 1, "i32", booleans(3, 5), integers(3, 5), integers(5))
add("Select", 1, "i64", booleans(3, 5), integers(3, 5, dtype=I64), integers(3, 5, dtype=I64))
add("Select", 1, "boolean", booleans(3, 5), booleans(3, 5), booleans(3, 5))
add("Select", 1, "dynamic", dynamic(booleans(2, 3, 1)), dynamic(normal(3, 5)), dynamic(normal(5)))
