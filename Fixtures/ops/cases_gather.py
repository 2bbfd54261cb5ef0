"""Operations that read or write elements at given indices, and embeddings."""

from case import BOOL, F16, F32, I32, I64, U8, add, array, const, dynamic, f32, i32, i64, integers, normal, scalar

for version in (1, 7, 8):
    add("Gather", version, "first", normal(5, 3), const(i64(4, 0, 0)), const(scalar(0, I64)))
    add("Gather", version, "middle", normal(2, 5, 3), const(i32(1, 4)), const(scalar(1, I64)))
    add("Gather", version, "last", normal(2, 3, 5), const(i64(4, 2, 0)), const(scalar(-1, I64)))
    add("Gather", version, "scalar_index", normal(4, 3), const(scalar(2, I64)), const(scalar(0, I64)))
    add("Gather", version, "matrix_of_indices", normal(6, 2), i64(5, 0, 3, 1).map(lambda a: a.reshape(2, 2)), const(scalar(0, I64)))
    add("Gather", version, "dynamic", dynamic(normal(5, 3)), dynamic(i64(4, 0)), const(scalar(0, I64)))
for version in (7, 8):
    add("Gather", version, "batch", normal(2, 5, 3), array([[0, 4], [1, 1]], I64), const(scalar(1, I64)), batch_dims=1)
    add("Gather", version, "batch_negative", normal(2, 3, 5), array([[[0], [4], [1]], [[2], [2], [3]]], I64), const(scalar(2, I64)), batch_dims=-1)
    add("Gather", version, "batch_later_axis", normal(2, 3, 5), array([[0, 4], [1, 1]], I32), const(scalar(2, I64)), batch_dims=1)
add("Gather", 8, "negative_indices", normal(5, 3), const(i64(-1, -5, 2)), const(scalar(0, I64)))
add("Gather", 8, "negative_index_parameter", normal(5, 3), i64(-2, 0), const(scalar(0, I64)))
add("Gather", 8, "i32", integers(5, 3), const(i64(4, 0)), const(scalar(0, I64)))
add("Gather", 8, "i64", integers(5, dtype=I64), const(i64(4, 0)), const(scalar(0, I64)))
add("Gather", 8, "u8", integers(5, 3, low=0, high=256, dtype=U8), const(i64(4, 0)), const(scalar(0, I64)))
add("Gather", 8, "f16", normal(5, 3, dtype=F16), const(i64(4, 0)), const(scalar(0, I64)))
add("Gather", 8, "no_indices", normal(5, 3), dynamic(array([], I64)), const(scalar(0, I64)))

for label, shape, indices, axis in (("rows", (3, 4), [[0, 2, 1, 1], [2, 0, 0, 1]], 0), ("columns", (2, 5), [[4, 0, 2], [1, 1, 3]], 1),
                                    ("negative_axis", (2, 5), [[4, 0, 2], [1, 1, 3]], -1), ("negative_indices", (2, 5), [[-1, 0, -2], [1, -5, 3]], 1)):
    add("GatherElements", 6, label, normal(*shape), array(indices, I64), axis=axis)
add("GatherElements", 6, "three", normal(2, 3, 4), integers(2, 2, 4, low=0, high=3, dtype=I64), axis=1)
add("GatherElements", 6, "i32", integers(3, 4), integers(3, 2, low=0, high=4), axis=1)
add("GatherElements", 6, "dynamic", dynamic(normal(3, 4)), dynamic(integers(3, 2, low=0, high=4, dtype=I64)), axis=1)

for version in (5, 8):
    add("GatherND", version, "points", normal(3, 4), array([[0, 1], [2, 3], [1, 0]], I64))
    add("GatherND", version, "rows", normal(3, 4, 2), array([[1], [0]], I64))
    add("GatherND", version, "nested", normal(3, 4, 2), array([[[0, 1], [2, 3]], [[1, 0], [1, 1]]], I32))
    add("GatherND", version, "batch", normal(2, 4, 3), array([[1], [3]], I64), batch_dims=1)
    add("GatherND", version, "batch_two", normal(2, 3, 4), array([[[1], [3], [0]], [[2], [2], [1]]], I64), batch_dims=2)
    add("GatherND", version, "i32", integers(3, 4), array([[0, 1], [2, 3]], I64))
    add("GatherND", version, "dynamic", dynamic(normal(3, 4)), dynamic(array([[0, 1], [2, 3]], I64), "?,2"))
add("GatherND", 8, "batch_two_wide", normal(2, 3, 4, 2), array([[[1], [3], [0]], [[2], [2], [1]]], I64), batch_dims=2)
add("GatherND", 8, "negative", normal(3, 4), array([[-1, 1], [0, -2]], I64))

# Beams of a search of five steps, two batches and three beams: parents, and the steps at which each batch ends.
STEPS = integers(5, 2, 3, low=0, high=10)
PARENTS = integers(5, 2, 3, low=0, high=3)
add("GatherTree", 1, "i32", STEPS, PARENTS, i32(5, 3), const(scalar(11, I32)))
add("GatherTree", 1, "f32", STEPS.map(lambda a: a.astype(F32)), PARENTS.map(lambda a: a.astype(F32)), f32(4, 5), const(scalar(11, F32)))
add("GatherTree", 1, "dynamic", dynamic(STEPS), dynamic(PARENTS), dynamic(i32(5, 2)), const(scalar(9, I32)))

add("ScatterUpdate", 3, "first", normal(5, 3), const(i64(4, 1)), normal(2, 3), const(scalar(0, I64)))
add("ScatterUpdate", 3, "middle", normal(2, 5, 3), const(i32(0, 3)), normal(2, 2, 3), const(scalar(1, I32)))
add("ScatterUpdate", 3, "negative_axis", normal(2, 5), const(i64(0, 3)), normal(2, 2), const(scalar(-1, I64)))
add("ScatterUpdate", 3, "matrix_of_indices", normal(6, 2), array([[5, 0], [3, 1]], I64), normal(2, 2, 2), const(scalar(0, I64)))
add("ScatterUpdate", 3, "i32", integers(5), i64(1, 3), integers(2), const(scalar(0, I64)))
add("ScatterUpdate", 3, "i64", integers(5, dtype=I64), i64(1, 3), integers(2, dtype=I64), const(scalar(0, I64)))
add("ScatterUpdate", 3, "dynamic", dynamic(normal(5, 3)), dynamic(i64(4, 1)), dynamic(normal(2, 3)), const(scalar(0, I64)))

for version in (3, 12):
    add("ScatterElementsUpdate", version, "rows", normal(3, 4), array([[0, 2, 1, 1], [2, 0, 0, 2]], I64), normal(2, 4), const(scalar(0, I64)))
    add("ScatterElementsUpdate", version, "columns", normal(2, 5), array([[4, 0, 2], [1, 0, 3]], I32), normal(2, 3), const(scalar(1, I64)))
    add("ScatterElementsUpdate", version, "negative_axis", normal(2, 2, 5), array([[[4, 0]], [[1, 3]]], I64), normal(2, 1, 2), const(scalar(-1, I64)))
    add("ScatterElementsUpdate", version, "i32", integers(6), i64(5, 0), integers(2), const(scalar(0, I64)))
    add("ScatterElementsUpdate", version, "dynamic", dynamic(normal(3, 4)), dynamic(array([[0, 2, 1, 1]], I64)), dynamic(normal(1, 4)), const(scalar(0, I64)))
for reduction in ("sum", "prod", "min", "max", "mean"):
    for initial in (True, False):
        add("ScatterElementsUpdate", 12, reduction + "_without_initial" * (not initial), normal(3, 4), array([[0, 2, 1, 1], [0, 0, 1, 2]], I64), normal(2, 4),
            const(scalar(0, I64)), reduction=reduction, use_init_val=initial)
    add("ScatterElementsUpdate", 12, reduction + "_i32", array([4, 8, -12, 5], I32), i64(1, 1, 2), i32(2, 5, 6), const(scalar(0, I64)), reduction=reduction, use_init_val=True)
add("ScatterElementsUpdate", 12, "negative_indices", normal(5), i64(-1, -4), normal(2), const(scalar(0, I64)))

for version in (4, 15):
    add("ScatterNDUpdate", version, "points", normal(3, 4), array([[0, 1], [2, 3], [1, 0]], I64), normal(3))
    add("ScatterNDUpdate", version, "rows", normal(4, 3, 2), array([[2], [0]], I64), normal(2, 3, 2))
    add("ScatterNDUpdate", version, "nested", normal(4, 3), array([[[2], [0]], [[1], [3]]], I32), normal(2, 2, 3))
    add("ScatterNDUpdate", version, "i32", integers(6), array([[5], [1]], I64), integers(2))
    add("ScatterNDUpdate", version, "dynamic", dynamic(normal(3, 4)), dynamic(array([[0, 1], [2, 3]], I64)), dynamic(normal(2)))
for reduction in ("sum", "sub", "prod", "min", "max"):
    add("ScatterNDUpdate", 15, reduction, normal(3, 4), array([[0, 1], [2, 3], [0, 1]], I64), normal(3), reduction=reduction)
    add("ScatterNDUpdate", 15, reduction + "_rows_i32", integers(3, 4), array([[2], [2]], I64), integers(2, 4), reduction=reduction)

for version in (1, 16):
    for axis in (0, 1, -1):
        add("OneHot", version, f"axis_{axis}".replace("-", "m"), array([[0, 2, 1], [3, 3, 0]], I64), const(scalar(4, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=axis)
    add("OneHot", version, "values", i32(0, 2, 1), const(scalar(3, I64)), const(scalar(5, I32)), const(scalar(-2, I32)), axis=-1)
    add("OneHot", version, "scalar", scalar(1, I64), const(scalar(3, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=0)
    add("OneHot", version, "beyond", i64(0, 7, 2), const(scalar(3, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=-1)
    add("OneHot", version, "boolean", i64(0, 2), const(scalar(3, I64)), const(scalar(True, BOOL)), const(scalar(False, BOOL)), axis=-1)
    add("OneHot", version, "dynamic", dynamic(i64(0, 2, 1)), const(scalar(4, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=-1)
add("OneHot", 16, "ignoring_negative", i64(0, -1, 2), const(scalar(3, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=-1, negative_indices_mode="ignore_negative")
add("OneHot", 16, "normalising_negative", i64(0, -1, -3), const(scalar(3, I64)), const(scalar(1.0)), const(scalar(0.0)), axis=-1, negative_indices_mode="normalize")

TABLE = normal(6, 3)
BAGS = (i32(0, 2, 5, 3, 3), i32(0, 2, 2))
for name, version, more in (("EmbeddingBagOffsetsSum", 3, {}), ("EmbeddingBagOffsets", 15, {"reduction": "sum"})):
    add(name, version, "plain", TABLE, *BAGS, **more)
    add(name, version, "default", TABLE, *BAGS, const(scalar(1, I32)), **more)
    add(name, version, "weights", TABLE, *BAGS, const(scalar(1, I32)), f32(0.5, 2, -1, 1, 0.25), **more)
    add(name, version, "no_default", TABLE, *BAGS, const(scalar(-1, I32)), f32(0.5, 2, -1, 1, 0.25), **more)
    add(name, version, "i64_wide", normal(6, 2, 2), i64(4, 0, 1), i64(0, 1), **more)
    add(name, version, "i32_table", integers(6, 3), *BAGS, **more)
    add(name, version, "dynamic", dynamic(TABLE), dynamic(BAGS[0]), dynamic(BAGS[1]), **more)
for name, version, more in (("EmbeddingBagPackedSum", 3, {}), ("EmbeddingBagPacked", 15, {"reduction": "sum"})):
    packed = array([[0, 2], [5, 5], [1, 3]], I32)
    add(name, version, "plain", TABLE, packed, **more)
    add(name, version, "weights", TABLE, packed, normal(3, 2), **more)
    add(name, version, "i64_wide", normal(6, 2, 2), packed.map(lambda a: a.astype(I64)), **more)
    add(name, version, "dynamic", dynamic(TABLE), dynamic(packed), **more)
add("EmbeddingBagOffsets", 15, "mean", TABLE, *BAGS, reduction="mean")
add("EmbeddingBagOffsets", 15, "mean_default", TABLE, *BAGS, const(scalar(1, I32)), reduction="mean")
add("EmbeddingBagPacked", 15, "mean", TABLE, array([[0, 2], [5, 5], [1, 3]], I32), reduction="mean")
SEGMENTS = (i32(0, 2, 5, 3, 3), i32(0, 0, 2, 2, 2), const(scalar(4, I32)))
add("EmbeddingSegmentsSum", 3, "plain", TABLE, *SEGMENTS)
add("EmbeddingSegmentsSum", 3, "default", TABLE, *SEGMENTS, const(scalar(1, I32)))
add("EmbeddingSegmentsSum", 3, "weights", TABLE, *SEGMENTS, const(scalar(2, I32)), f32(0.5, 2, -1, 1, 0.25))
add("EmbeddingSegmentsSum", 3, "i64_wide", normal(6, 2, 2), i64(4, 0, 1), i64(0, 1, 1), const(scalar(2, I64)))
add("EmbeddingSegmentsSum", 3, "count_parameter", TABLE, *SEGMENTS[:2], scalar(3, I32))
add("EmbeddingSegmentsSum", 3, "dynamic", dynamic(TABLE), dynamic(SEGMENTS[0]), dynamic(SEGMENTS[1]), SEGMENTS[2])

for mode in ("zero", "lowest"):
    fill = {"fill_mode": mode.upper()}
    add("SegmentMax", 16, mode, normal(5, 3), i32(0, 0, 2, 2, 3), **fill)
    add("SegmentMax", 16, mode + "_more", normal(4), i64(0, 1, 1, 3), const(scalar(6, I64)), **fill)
    add("SegmentMax", 16, mode + "_fewer", normal(5, 2), i32(0, 1, 1, 2, 3), const(scalar(2, I32)), **fill)
    add("SegmentMax", 16, mode + "_i32", integers(5, 2), i32(0, 0, 1, 3, 3), **fill)
add("SegmentMax", 16, "dynamic", dynamic(normal(5, 3)), dynamic(i32(0, 0, 1, 2, 2)), fill_mode="ZERO")
SPARSE = (f32(1, 2, 3, 4), i64(5, 4), array([[0, 1], [0, 3], [2, 0], [3, 2]], I64))
add("SparseFillEmptyRows", 16, "f32", *SPARSE, const(scalar(-7.5)))
add("SparseFillEmptyRows", 16, "i32", i32(1, 2, 3), i32(4, 3), array([[1, 0], [2, 1], [3, 2]], I32), const(scalar(9, I32)))
add("SparseFillEmptyRows", 16, "nothing_empty", f32(1, 2), i64(2, 3), array([[0, 1], [1, 2]], I64), const(scalar(0.5)))
add("SparseFillEmptyRows", 16, "dynamic", dynamic(SPARSE[0]), SPARSE[1], dynamic(SPARSE[2]), const(scalar(1.5)))
