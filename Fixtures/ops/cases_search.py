"""Sorting, searching, sets, ranges, random numbers and strings."""

from case import BOOL, F16, F32, I32, I64, U8, add, array, booleans, const, dynamic, f32, graph, i32, i64, integers, make, normal, scalar, shuffled, uniform

for version in (1, 3, 11):
    for mode in ("max", "min"):
        for order in ("value", "index") if version == 11 else ("value",):
            add("TopK", version, f"{mode}_by_{order}", shuffled(2, 3, 7), const(scalar(3, I64)), axis=2, mode=mode, sort=order)
    kind = {"index_element_type": "i64"} if version > 1 else {}
    add("TopK", version, "first_axis", shuffled(5, 4), const(scalar(2, I64)), axis=0, mode="max", sort="value", **kind)
    add("TopK", version, "middle_axis", shuffled(2, 9, 3), const(scalar(4, I32)), axis=1, mode="min", sort="value", **kind)
    add("TopK", version, "i32", shuffled(3, 7, dtype=I32), const(scalar(2, I64)), axis=1, mode="max", sort="value", **kind)
    add("TopK", version, "all", shuffled(2, 20), const(scalar(20, I64)), axis=-1, mode="max", sort="value", **kind)
    add("TopK", version, "one", shuffled(3, 33), const(scalar(1, I64)), axis=-1, mode="max", sort="value", **kind)
    add("TopK", version, "dynamic", dynamic(shuffled(3, 7)), const(scalar(2, I64)), axis=1, mode="max", sort="value", **kind)
add("TopK", 3, "k_parameter", shuffled(3, 7), scalar(3, I64), axis=1, mode="max", sort="value")
for mode in ("max", "min"):
    add("TopK", 11, f"{mode}_stable", array([[3, 1, 3, 2, 1, 3], [5, 5, 5, 5, 5, 5]]), const(scalar(4, I64)), axis=1, mode=mode, sort="value", stable=True)
add("TopK", 11, "f16", shuffled(3, 7, dtype=F16), const(scalar(2, I64)), axis=1, mode="max", sort="value")

REPEATED = array([4, 1, 4, 3, 1, 1, 7], F32)
for order in (True, False):
    label = "sorted" if order else "unsorted"
    add("Unique", 10, label, REPEATED, sorted=order)
    add("Unique", 10, label + "_matrix", integers(3, 5, low=0, high=5, dtype=F32), sorted=order)
    add("Unique", 10, label + "_rows", array([[1, 2], [0, 5], [1, 2], [0, 4]]), const(scalar(0, I64)), sorted=order)
    add("Unique", 10, label + "_columns", array([[1, 0, 1, 0], [2, 5, 2, 4]]), const(scalar(-1, I64)), sorted=order)
    add("Unique", 10, label + "_i32", integers(12, low=0, high=5), sorted=order, index_element_type="i32", count_element_type="i32")
add("Unique", 10, "dynamic", dynamic(integers(9, low=0, high=5, dtype=I64)), sorted=True)

for kind in ("i32", "i64"):
    add("NonZero", 3, "two_" + kind, integers(4, 5, low=-1, high=2, dtype=F32), output_type=kind)
add("NonZero", 3, "row", integers(67, low=0, high=2, dtype=F32))
add("NonZero", 3, "three", integers(2, 3, 4, low=0, high=2, dtype=F32))
add("NonZero", 3, "none", array([0, 0, 0]))
add("NonZero", 3, "boolean", booleans(3, 4))
add("NonZero", 3, "i32", integers(3, 4, low=-1, high=2))
add("NonZero", 3, "dynamic", dynamic(integers(3, 4, low=0, high=2, dtype=F32)))
for right in (True, False):
    label = "right" if right else "left"
    add("Bucketize", 3, label, array([[-1, 0, 0.5], [1, 5, 7]]), const(f32(0, 1, 5)), with_right_bound=right, output_type="i64")
    add("Bucketize", 3, label + "_i32", integers(3, 4), const(i32(-5, 0, 3, 4)), with_right_bound=right, output_type="i32")
    add("Bucketize", 3, label + "_i64", integers(9, dtype=I64), const(i64(-5, 0, 3, 4)), with_right_bound=right, output_type="i64")
add("Bucketize", 3, "no_buckets", f32(1, 2), const(array([], F32)), output_type="i64")
add("Bucketize", 3, "dynamic", dynamic(normal(3, 4)), const(f32(-1, 0, 1)), output_type="i32")
for right in (True, False):
    label = "right" if right else "left"
    add("SearchSorted", 15, label, f32(1, 3, 3, 5, 9), f32(0, 1, 3, 4, 9, 10), right_mode=right)
    add("SearchSorted", 15, label + "_rows", array([[1, 3, 5], [2, 4, 6]]), array([[3, 0], [6, 5]]), right_mode=right)
    add("SearchSorted", 15, label + "_shared", i32(1, 3, 5, 7), integers(2, 3, low=0, high=9), right_mode=right, output_type="i32")
add("SearchSorted", 15, "i64", i64(1, 3, 5), i64(5, 0, 4), right_mode=False)
add("SearchSorted", 15, "dynamic", dynamic(f32(1, 3, 5)), dynamic(f32(5, 0, 4)), right_mode=False)

for version in (1, 4):
    kind = {"output_type": "f32"} if version == 4 else {}
    whole = {"output_type": "i64"} if version == 4 else {}
    for label, start, stop, step in (("up", 0, 5, 1), ("fraction", -1, 1, 0.25), ("down", 5, 0, -1.5), ("empty", 3, 3, 1)):
        add("Range", version, label, const(scalar(start)), const(scalar(stop)), const(scalar(step)), **kind)
    add("Range", version, "i64", const(scalar(2, I64)), const(scalar(9, I64)), const(scalar(3, I64)), **whole)
    add("Range", version, "i32_parameters", scalar(7, I32), scalar(-2, I32), scalar(-2, I32), **({"output_type": "i32"} if version == 4 else {}))
add("Range", 4, "f32_to_i32", const(scalar(0.0)), const(scalar(5.0)), const(scalar(1.0)), output_type="i32")
add("Range", 4, "mixed", const(scalar(1, I32)), const(scalar(4.5)), const(scalar(1, I64)), output_type="f32")
for label, rows, columns, shift, kind in (("square", 3, 3, 0, "f32"), ("wide", 2, 5, 1, "f32"), ("tall", 5, 2, -2, "i32"), ("outside", 3, 3, 7, "i64"), ("i8", 3, 4, 0, "i8")):
    add("Eye", 9, label, const(scalar(rows, I32)), const(scalar(columns, I32)), const(scalar(shift, I32)), output_type=kind)
add("Eye", 9, "batch", const(scalar(2, I64)), const(scalar(3, I64)), const(scalar(0, I64)), const(i64(2, 2)), output_type="f32")
add("Eye", 9, "parameters", scalar(3, I32), scalar(2, I32), scalar(0, I32), output_type="f32")

for label, kind, low, high in (("f32", "f32", 0, 1), ("f32_range", "f32", -4, 2.5), ("i32", "i32", -10, 100)):
    for alignment in ("tensorflow", "pytorch"):
        dtype = I32 if kind == "i32" else F32
        add("RandomUniform", 8, f"{label}_{alignment}", const(i64(3, 5)), const(scalar(low, dtype)), const(scalar(high, dtype)), output_type=kind, global_seed=150, op_seed=10,
            alignment=alignment)
add("RandomUniform", 8, "shape_parameter", i32(2, 7), scalar(-1.0), scalar(1.0), output_type="f32", global_seed=3, op_seed=41)


def certain(with_replacement, log_probabilities, kind):
    """One class holds all of the probability: the draw is the same whatever the generator."""
    return {"with_replacement": with_replacement, "log_probs": log_probabilities, "convert_type": kind, "global_seed": 1, "op_seed": 2}


add("Multinomial", 13, "certain", array([[0, 1, 0, 0], [0, 0, 0, 1]]), const(scalar(5, I64)), **certain(True, False, "i64"))
add("Multinomial", 13, "certain_i32", array([[0, 0, 1]]), const(i32(3)), **certain(True, False, "i32"))
add("Multinomial", 13, "certain_log", array([[-100, 0, -100, -100]]), const(scalar(4, I32)), **certain(True, True, "i64"))
add("Multinomial", 13, "certain_unnormalised", array([[0, 8, 0]]), const(scalar(4, I32)), **certain(True, False, "i32"))
add("Multinomial", 13, "drawn", uniform(2, 5), const(scalar(6, I64)), **certain(True, False, "i64"))
add("Multinomial", 13, "drawn_without_replacement", uniform(2, 5), const(scalar(4, I64)), **certain(False, False, "i64"))
add("Multinomial", 13, "dynamic", dynamic(array([[0, 1, 0], [1, 0, 0]])), const(scalar(2, I64)), **certain(True, False, "i64"))


def packed_and_unpacked(*inputs):
    """Strings are neither inputs nor outputs here: `.npy` files do not hold them."""
    return make("StringTensorUnpack", 15, make("StringTensorPack", 15, *inputs))


TEXT = array(list("oneträge a b".encode()), U8)
for name in ("StringTensorPack", "StringTensorUnpack"):
    graph(name, 15, "row", packed_and_unpacked, i32(0, 3, 3, 9), i32(3, 3, 9, 13), TEXT)
    graph(name, 15, "gaps", packed_and_unpacked, i32(1, 10, 0), i32(3, 12, 0), TEXT)
graph("StringTensorPack", 15, "matrix", packed_and_unpacked, array([[0, 3], [3, 9]], I32), array([[3, 3], [9, 13]], I32), TEXT)
graph("StringTensorPack", 15, "i64", packed_and_unpacked, i64(0, 3), i64(3, 13), TEXT)
graph("StringTensorUnpack", 15, "dynamic", packed_and_unpacked, dynamic(i32(0, 3)), dynamic(i32(3, 13)), dynamic(TEXT))
