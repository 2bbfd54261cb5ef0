"""Matrix products, Einsum, Inverse and attention."""

import numpy as np
import openvino as ov
from case import F16, F32, add, array, const, dynamic, graph, integers, make, normal, scalar, uniform
from openvino import opset16 as ops

# name: (left, right, transpose left, transpose right)
PRODUCTS = {
    "matrices": ((3, 4), (4, 5), False, False),
    "transposed_left": ((4, 3), (4, 5), True, False),
    "transposed_right": ((3, 4), (5, 4), False, True),
    "transposed_both": ((4, 3), (5, 4), True, True),
    "vectors": ((7,), (7,), False, False),
    "vector_left": ((4,), (4, 5), False, False),
    "vector_left_transposed": ((4,), (4, 5), True, False),
    "vector_right": ((3, 4), (4,), False, False),
    "vector_batch": ((4,), (2, 4, 3), False, False),
    "batch": ((2, 3, 4), (2, 4, 5), False, False),
    "batch_broadcast": ((2, 1, 3, 4), (3, 4, 2), False, False),
    "batch_transposed": ((2, 4, 3), (2, 5, 4), True, True),
    "odd": ((17, 33), (33, 19), False, False),
    "one_row": ((1, 65), (65, 34), False, False),
    "one_column": ((34, 65), (65, 1), False, False),
    "outer": ((5, 1), (1, 6), False, False),
}
for name, (left, right, transpose_left, transpose_right) in PRODUCTS.items():
    attributes = {"transpose_a": transpose_left, "transpose_b": transpose_right}
    add("MatMul", 1, name, normal(*left), normal(*right), **attributes)
    if name in ("matrices", "transposed_right", "batch_broadcast", "odd", "one_row", "vector_left"):
        add("MatMul", 1, name + "_constant", normal(*left), const(normal(*right)), **attributes)
add("MatMul", 1, "i32", integers(3, 4), integers(4, 5), transpose_a=False, transpose_b=False)
add("MatMul", 1, "f16", normal(3, 8, dtype=F16), normal(8, 5, dtype=F16), transpose_a=False, transpose_b=False)
add("MatMul", 1, "dynamic", dynamic(normal(2, 3, 4)), dynamic(normal(4, 5)), transpose_a=False, transpose_b=False)
add("MatMul", 1, "dynamic_rows", dynamic(normal(3, 16), "?,16"), const(normal(9, 16)), transpose_a=False, transpose_b=True)
add("MatMul", 1, "no_rows", dynamic(normal(0, 16), "?,16"), const(normal(9, 16)), transpose_a=False, transpose_b=True)


def compressed(kind: ov.Type, low, high, *, group=None, zero=None, scale_type=F32):
    """A product with weights [12,32] kept in few bits: Constant, Convert, perhaps Subtract, Multiply, perhaps Reshape.

    Scales are powers of two: whether the product of a weight and its scale is rounded to f16 then does not matter.
    """

    def build(x, rows, scale):
        values = rows.get_data()
        shape = [12, 32] if group is None else [12, 32 // group, group]
        name = "f16" if scale_type == F16 else "f32"
        weights = ops.convert(ov.op.Constant(kind, ov.Shape(shape), values.reshape(-1).tolist()), name)
        if zero is not None:
            weights = ops.subtract(weights, ops.convert(ov.op.Constant(kind, ov.Shape([12] + [1] * (len(shape) - 1)), [zero] * 12), name))
        weights = ops.multiply(weights, scale)
        if group is not None:
            weights = ops.reshape(weights, np.array([12, 32], np.int64), False)
        if scale_type == F16:
            weights = ops.convert(weights, "f32")
        return make("MatMul", 1, x, weights, transpose_a=False, transpose_b=True)

    scale_shape = (12, 1) if group is None else (12, 32 // group, 1)
    inputs = (normal(3, 32), const(integers(12, 32, low=low, high=high)), const(integers(*scale_shape, low=-7, high=-2, dtype=F32).map(lambda a: (2.0**a).astype(scale_type))))
    return build, *inputs


for label, arguments in {
    "weights_i8": (ov.Type.i8, -128, 128), "weights_u8": (ov.Type.u8, 0, 256), "weights_i4": (ov.Type.i4, -8, 8), "weights_u4": (ov.Type.u4, 0, 16),
}.items():
    zero = {"weights_u8": 127, "weights_u4": 7}.get(label)
    for suffix, more in {"": {}, "_grouped": {"group": 8}, "_f16": {"scale_type": F16}}.items():
        build, *inputs = compressed(*arguments, zero=zero, **more)
        graph("MatMul", 1, label + suffix, build, *inputs)


def half_weights(x, weights):
    return make("MatMul", 1, x, ops.convert(weights, "f32"), transpose_a=False, transpose_b=True)


graph("MatMul", 1, "weights_f16", half_weights, normal(3, 16), const(normal(9, 16, dtype=F16)))

for label, equation, *shapes in (
    ("product", "ij,jk->ik", (3, 4), (4, 5)), ("implicit", "ij,jk", (3, 4), (4, 5)), ("batch", "bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("inner", "i,i->", (7,), (7,)), ("outer", "i,j->ij", (3,), (4,)), ("transpose", "ijk->kij", (2, 3, 4)), ("diagonal", "ii->i", (4, 4)), ("trace", "ii->", (4, 4)),
    ("sum", "ij->i", (3, 4)), ("three", "ij,jk,kl->il", (2, 3), (3, 4), (4, 5)), ("broadcast_labels", "a...b,b...c->...ac", (3, 2, 4), (4, 2, 5)),
    ("contract_two", "abcd,cdef->abef", (2, 2, 3, 2), (3, 2, 2, 3)), ("elementwise", "ij,ij->ij", (3, 4), (3, 4)), ("heads", "bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
):
    add("Einsum", 7, label, *(normal(*shape) for shape in shapes), equation=equation)
add("Einsum", 7, "i32", integers(3, 4), integers(4, 5), equation="ij,jk->ik")
add("Einsum", 7, "dynamic", dynamic(normal(2, 3, 4)), dynamic(normal(2, 4, 5)), equation="bij,bjk->bik")


def invertible(*shape, dtype=F32):
    return normal(*shape, dtype=dtype).map(lambda a: (a + 3 * np.eye(a.shape[-1])).astype(a.dtype))


for adjoint in (False, True):
    suffix = "_adjoint" * adjoint
    for label, shape in (("one", (1, 1)), ("two", (2, 2)), ("five", (5, 5)), ("batch", (2, 3, 4, 4))):
        add("Inverse", 14, label + suffix, invertible(*shape), adjoint=adjoint)
add("Inverse", 14, "pivoting", array([[0, 2, 1], [1, 0, 3], [4, 5, 0]]), adjoint=False)
add("Inverse", 14, "dynamic", dynamic(invertible(2, 3, 3)), adjoint=False)

ATTENTION = "ScaledDotProductAttention"
for causal in (False, True):
    suffix = "_causal" * causal
    add(ATTENTION, 13, "heads" + suffix, normal(2, 3, 5, 8), normal(2, 3, 5, 8), normal(2, 3, 5, 8), causal=causal)
    add(ATTENTION, 13, "three_dimensions" + suffix, normal(2, 4, 8), normal(2, 6, 8), normal(2, 6, 8), causal=causal)
add(ATTENTION, 13, "value_width", normal(1, 2, 5, 8), normal(1, 2, 7, 8), normal(1, 2, 7, 16), causal=False)
add(ATTENTION, 13, "mask", normal(1, 2, 5, 8), normal(1, 2, 7, 8), normal(1, 2, 7, 8), normal(1, 1, 5, 7), causal=False)
add(ATTENTION, 13, "mask_boolean", normal(1, 2, 5, 8), normal(1, 2, 7, 8), normal(1, 2, 7, 8), uniform(1, 1, 5, 7).map(lambda a: (a > 0.3) | (np.arange(7) == 0)),
    causal=False)
add(ATTENTION, 13, "mask_and_scale", normal(1, 2, 5, 8), normal(1, 2, 7, 8), normal(1, 2, 7, 8), normal(1, 2, 5, 7), const(scalar(0.25)), causal=False)
add(ATTENTION, 13, "dynamic", dynamic(normal(2, 3, 5, 8), "?,3,?,8"), dynamic(normal(2, 3, 6, 8), "?,3,?,8"), dynamic(normal(2, 3, 6, 8), "?,3,?,8"), causal=False)
