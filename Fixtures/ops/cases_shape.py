"""Shapes, and operations that move elements in fixed patterns."""

from case import BOOL, F16, F32, I32, I64, U8, add, array, booleans, const, dynamic, graph, i32, i64, integers, make, normal, scalar
from openvino import opset16 as ops

add("ShapeOf", 1, "static", normal(2, 3, 4))
add("ShapeOf", 1, "dynamic", dynamic(normal(2, 3, 4)))
add("ShapeOf", 1, "scalar", scalar(1.0))
for kind in ("i32", "i64"):
    add("ShapeOf", 3, kind, normal(2, 3, 4), output_type=kind)
    add("ShapeOf", 3, kind + "_dynamic", dynamic(normal(2, 0, 4)), output_type=kind)
add("ShapeOf", 3, "of_i32", dynamic(integers(5)), output_type="i64")


def flatten(x):
    """The shape subgraph that frameworks write for "keep the batch, flatten the rest"."""
    batch = ops.gather(make("ShapeOf", 3, x, output_type="i64"), ops.constant([0]), ops.constant(0))
    return ops.reshape(x, ops.concat([batch, ops.constant([-1])], 0), False)


graph("ShapeOf", 3, "flatten", flatten, dynamic(normal(2, 3, 4)))

for label, pattern, zero in (("split", (2, 3, -1), False), ("flatten", (-1,), False), ("copying", (0, -1), True), ("zero_last", (-1, 0, 0), True),
                             ("up", (1, 2, 3, 4, 1), False)):
    add("Reshape", 1, label, normal(2, 3, 4), const(i64(*pattern)), special_zero=zero)
add("Reshape", 1, "i32_pattern", integers(2, 6), const(i32(3, 4)), special_zero=False)
add("Reshape", 1, "to_scalar", normal(1, 1), const(array([], I64)), special_zero=False)
add("Reshape", 1, "from_scalar", scalar(2.5), const(i64(1, 1)), special_zero=False)
add("Reshape", 1, "pattern_parameter", normal(2, 3, 4), i64(4, -1), special_zero=False)
add("Reshape", 1, "dynamic", dynamic(normal(2, 3, 4)), const(i64(0, -1)), special_zero=True)
add("Reshape", 1, "no_elements", dynamic(normal(0, 3)), const(i64(0, 1, 3)), special_zero=True)
add("Reshape", 1, "u8", integers(3, 8, low=0, high=256, dtype=U8), const(i64(8, 3)), special_zero=False)
for version in (1, 15):
    add("Squeeze", version, "all", normal(1, 3, 1, 4))
    add("Squeeze", version, "axes", normal(1, 3, 1, 4), const(i64(0, 2)))
    add("Squeeze", version, "negative", normal(1, 3, 1), const(i64(-1)))
    add("Squeeze", version, "scalar_axis", normal(3, 1, 4), const(scalar(1, I64)))
    add("Squeeze", version, "i32", integers(1, 3), const(i32(0)))
    add("Squeeze", version, "dynamic", dynamic(normal(1, 3, 1, 4)), const(i64(2)))
add("Squeeze", 15, "skipping", normal(2, 3, 1), const(i64(0, 2)), allow_axis_skip=True)
add("Unsqueeze", 1, "front", normal(3, 4), const(i64(0)))
add("Unsqueeze", 1, "several", normal(3, 4), const(i64(0, 3)))
add("Unsqueeze", 1, "negative", normal(3, 4), const(i64(-1)))
add("Unsqueeze", 1, "scalar_axis", scalar(2.0), const(scalar(0, I64)))
add("Unsqueeze", 1, "i32", integers(5), const(i32(1)))
add("Unsqueeze", 1, "dynamic", dynamic(normal(3, 4)), const(i64(1)))

for version in (1, 3):
    add("Broadcast", version, "numpy", normal(3, 1), const(i64(2, 3, 4)), mode="numpy")
    add("Broadcast", version, "scalar", scalar(2.5), const(i64(2, 3)), mode="numpy")
    add("Broadcast", version, "explicit", normal(3), const(i64(2, 3, 4)), const(i64(1)), mode="explicit")
    add("Broadcast", version, "explicit_two", normal(2, 4), const(i64(2, 3, 4)), const(i64(0, 2)), mode="explicit")
    add("Broadcast", version, "i32", integers(1, 5), const(i32(3, 5)), mode="numpy")
    add("Broadcast", version, "boolean", booleans(3, 1), const(i64(3, 5)), mode="numpy")
    add("Broadcast", version, "dynamic", dynamic(normal(3, 1)), i64(2, 3, 4), mode="numpy")
for label, shape, target in (("wider_target", (3, 1), (2, 3, 4)), ("wider_data", (2, 3, 4), (3, 1)), ("both", (2, 1, 4), (3, 1))):
    add("Broadcast", 3, "bidirectional_" + label, normal(*shape), const(i64(*target)), mode="bidirectional")
add("Broadcast", 3, "shape_parameter", normal(1, 4), i64(3, 4), mode="numpy")

add("Tile", 1, "plain", normal(2, 3), const(i64(2, 2)))
add("Tile", 1, "more_repeats", normal(2, 3), const(i64(2, 1, 3)))
add("Tile", 1, "fewer_repeats", normal(2, 3, 2), const(i64(2)))
add("Tile", 1, "i32", integers(2, 3), const(i32(3, 1)))
add("Tile", 1, "u8", integers(4, low=0, high=256, dtype=U8), const(i64(3)))
add("Tile", 1, "repeats_parameter", normal(2, 3), i64(1, 2))
add("Tile", 1, "dynamic", dynamic(normal(2, 3)), const(i64(1, 2)))
for label, axis, shapes in (("first", 0, ((2, 3), (1, 3), (3, 3))), ("last", -1, ((2, 3), (2, 1))), ("channels", 1, ((2, 3, 4, 5), (2, 16, 4, 5), (2, 1, 4, 5))),
                            ("one", 0, ((2, 3),)), ("empty_part", 1, ((2, 3), (2, 0)))):
    add("Concat", 1, label, *(normal(*shape) for shape in shapes), axis=axis)
add("Concat", 1, "i32", integers(2, 3), integers(2, 2), axis=1)
add("Concat", 1, "i64_with_constant", integers(3, dtype=I64), const(i64(7, 8)), axis=0)
add("Concat", 1, "f16", normal(2, 3, dtype=F16), normal(1, 3, dtype=F16), axis=0)
add("Concat", 1, "boolean", booleans(2, 3), booleans(2, 1), axis=1)
add("Concat", 1, "dynamic", dynamic(normal(2, 3)), dynamic(normal(2, 4)), axis=1)
for label, shape, axis, count in (("first", (4, 3), 0, 2), ("middle", (2, 6, 3), 1, 3), ("last", (2, 3, 4), -1, 4), ("channels", (1, 32, 2, 3), 1, 2)):
    add("Split", 1, label, normal(*shape), const(scalar(axis, I64)), num_splits=count)
add("Split", 1, "i32", integers(2, 4), const(scalar(1, I32)), num_splits=2)
add("Split", 1, "dynamic", dynamic(normal(2, 6)), const(scalar(1, I64)), num_splits=3)
for label, shape, axis, lengths in (("plain", (7, 3), 0, (2, 4, 1)), ("rest", (2, 7), 1, (3, -1, 2)), ("negative_axis", (2, 3, 5), -1, (1, 4)), ("empty", (4, 2), 0, (4, 0))):
    add("VariadicSplit", 1, label, normal(*shape), const(scalar(axis, I64)), const(i64(*lengths)))
add("VariadicSplit", 1, "i32", integers(2, 5), const(scalar(1, I32)), const(i32(2, 3)))
add("VariadicSplit", 1, "lengths_parameter", normal(2, 5), const(scalar(1, I64)), i64(2, 3))
add("VariadicSplit", 1, "dynamic", dynamic(normal(2, 7)), const(scalar(1, I64)), const(i64(3, -1)))

for label, start, stop, step, axes in (("plain", (0, 1), (2, 4), (1, 1), None), ("steps", (0, 0), (9, 9), (2, 3), None), ("backwards", (-1, -1), (-99, 0), (-1, -2), None),
                                       ("axes", (1,), (4,), (1,), (1,)), ("negative_axes", (1,), (-1,), (2,), (-1,)), ("beyond", (-100,), (100,), (1,), (0,)),
                                       ("nothing", (3,), (1,), (1,), (0,))):
    add("Slice", 8, label, normal(4, 6), *(const(i64(*v)) for v in (start, stop, step) + ((axes,) if axes else ())))
add("Slice", 8, "i32", integers(5, 6), const(i32(1)), const(i32(4)), const(i32(2)))
add("Slice", 8, "parameters", normal(5, 6), i64(1, 2), i64(4, 5), i64(2, 1), i64(0, 1))
add("Slice", 8, "dynamic", dynamic(normal(5, 6)), const(i64(1)), const(i64(-1)), const(i64(1)), const(i64(1)))


def strided(label, shape, begin, end, strides=None, **masks):
    count = len(begin)
    attributes = {"begin_mask": [0] * count, "end_mask": [0] * count, **masks}
    extra = (const(i64(*strides)),) if strides else ()
    add("StridedSlice", 1, label, normal(*shape), const(i64(*begin)), const(i64(*end)), *extra, **attributes)


strided("plain", (4, 5), (1, 0), (3, 4), (1, 1))
strided("no_strides", (4, 5), (1, 0), (3, 4))
strided("strides", (5, 7), (0, 1), (5, 7), (2, 3))
strided("backwards", (5, 7), (4, 6), (0, 0), (-1, -2))
strided("masks", (4, 5, 6), (1, 1, 1), (2, 2, 2), (1, 1, 1), begin_mask=[1, 0, 0], end_mask=[0, 1, 0])
strided("backwards_masks", (4, 5), (0, 0), (0, 0), (-1, 1), begin_mask=[1, 1], end_mask=[1, 1])
strided("shrink", (3, 4, 5), (1, 0, 2), (2, 4, 3), (1, 1, 1), shrink_axis_mask=[1, 0, 1])
strided("shrink_negative", (3, 4), (-1, 0), (0, 4), (1, 1), shrink_axis_mask=[1, 0])
strided("new_axis", (3, 4), (0, 0, 1), (0, 3, 3), (1, 1, 1), new_axis_mask=[1, 0, 0])
strided("ellipsis", (2, 3, 4, 5), (0, 0, 1), (1, 0, 4), (1, 1, 2), ellipsis_mask=[0, 1, 0])
strided("ellipsis_new_axis", (2, 3, 4), (0, 0, 0), (0, 0, 2), (1, 1, 1), new_axis_mask=[1, 0, 0], ellipsis_mask=[0, 1, 0])
strided("short", (4, 5, 6), (1,), (3,), (1,))
strided("beyond", (4, 5), (-9, 2), (9, 99), (1, 1))
add("StridedSlice", 1, "i32", integers(4, 5), const(i32(1, 1)), const(i32(4, 4)), const(i32(2, 1)), begin_mask=[0, 0], end_mask=[0, 0])
add("StridedSlice", 1, "dynamic", dynamic(normal(4, 5)), const(i64(1, 0)), const(i64(3, 0)), const(i64(1, 2)), begin_mask=[0, 1], end_mask=[0, 1])
add("StridedSlice", 1, "parameters", normal(4, 5), i64(1, 1), i64(4, 5), i64(2, 2), begin_mask=[0, 0], end_mask=[0, 0])

add("SliceScatter", 15, "plain", normal(4, 6), normal(2, 3), const(i64(1, 1)), const(i64(3, 4)), const(i64(1, 1)))
add("SliceScatter", 15, "steps", normal(4, 6), normal(4, 2), const(i64(0)), const(i64(6)), const(i64(3)), const(i64(1)))
add("SliceScatter", 15, "backwards", normal(5), normal(3), const(i64(4)), const(i64(-6)), const(i64(-2)), const(i64(0)))
add("SliceScatter", 15, "negative_axes", normal(2, 3, 4), normal(2, 3, 2), const(i64(-2)), const(i64(99)), const(i64(1)), const(i64(-1)))
add("SliceScatter", 15, "i32", integers(5), integers(2), const(i32(1)), const(i32(3)), const(i32(1)))
add("SliceScatter", 15, "dynamic", dynamic(normal(4, 6)), dynamic(normal(4, 3)), const(i64(0)), const(i64(3)), const(i64(1)), const(i64(1)))

for version in (1, 12):
    for mode in ("constant", "edge", "reflect", "symmetric"):
        add("Pad", version, mode, normal(3, 4), const(i64(1, 2)), const(i64(2, 3)), pad_mode=mode)
        add("Pad", version, mode + "_images", normal(2, 3, 4, 5), const(i64(0, 0, 1, 2)), const(i64(0, 1, 3, 0)), pad_mode=mode)
    add("Pad", version, "value", normal(3, 4), const(i64(1, 0)), const(i64(0, 2)), const(scalar(-7.5)), pad_mode="constant")
    add("Pad", version, "i32", integers(3, 4), const(i32(1, 0)), const(i32(0, 2)), const(scalar(9, I32)), pad_mode="constant")
    add("Pad", version, "f16", normal(3, 4, dtype=F16), const(i64(1, 0)), const(i64(0, 2)), pad_mode="edge")
    add("Pad", version, "dynamic", dynamic(normal(3, 4)), const(i64(1, 0)), const(i64(0, 2)), const(scalar(1.5)), pad_mode="constant")
    add("Pad", version, "parameters", normal(3, 4), i64(1, 0), i64(0, 2), pad_mode="reflect")
add("Pad", 12, "cropping", normal(4, 5), const(i64(-1, 1)), const(i64(2, -2)), const(scalar(0.5)), pad_mode="constant")
add("Pad", 12, "cropping_all", normal(4, 5), const(i64(-1, 0)), const(i64(0, -2)), pad_mode="constant")
add("Pad", 12, "cropping_edge", normal(4, 5), const(i64(-1, 1)), const(i64(1, -1)), pad_mode="edge")

for label, shape, order in (("two", (3, 5), (1, 0)), ("three", (2, 3, 4), (2, 0, 1)), ("to_channels_last", (2, 3, 4, 5), (0, 2, 3, 1)),
                            ("to_channels_first", (2, 4, 5, 3), (0, 3, 1, 2)), ("heads", (2, 5, 3, 4), (0, 2, 1, 3)), ("five", (2, 1, 3, 2, 4), (4, 2, 0, 3, 1)),
                            ("reversed", (2, 3, 4), ()), ("identity", (2, 3), (0, 1)), ("wide", (17, 33), (1, 0))):
    add("Transpose", 1, label, normal(*shape), const(array(order, I64)))
add("Transpose", 1, "i32", integers(2, 3, 4), const(i32(1, 2, 0)))
add("Transpose", 1, "u8", integers(2, 3, 4, low=0, high=256, dtype=U8), const(i64(1, 2, 0)))
add("Transpose", 1, "f16", normal(5, 9, dtype=F16), const(i64(1, 0)))
add("Transpose", 1, "dynamic", dynamic(normal(2, 3, 4)), const(i64(0, 2, 1)))
add("Transpose", 1, "order_parameter", normal(2, 3, 4), i64(2, 1, 0))

for mode in ("blocks_first", "depth_first"):
    for label, shape, block in (("two", (1, 8, 2, 3), 2), ("three", (2, 9, 2, 2), 3), ("row", (2, 6, 4), 3), ("volume", (1, 8, 2, 1, 2), 2)):
        add("DepthToSpace", 1, f"{mode}_{label}", normal(*shape), mode=mode, block_size=block)
    for label, shape, block in (("two", (1, 3, 4, 6), 2), ("three", (2, 1, 6, 3), 3), ("row", (2, 2, 6), 3), ("volume", (1, 2, 2, 4, 2), 2)):
        add("SpaceToDepth", 1, f"{mode}_{label}", normal(*shape), mode=mode, block_size=block)
add("DepthToSpace", 1, "i32", integers(1, 4, 2, 2), mode="blocks_first", block_size=2)
add("SpaceToDepth", 1, "i32", integers(1, 2, 4, 4), mode="depth_first", block_size=2)
add("DepthToSpace", 1, "dynamic", dynamic(normal(1, 8, 2, 3)), mode="depth_first", block_size=2)
add("SpaceToDepth", 1, "dynamic", dynamic(normal(1, 3, 4, 6)), mode="blocks_first", block_size=2)
for name, begin, end in (("BatchToSpace", "crops_begin", "crops_end"), ("SpaceToBatch", "pads_begin", "pads_end")):
    shapes = {"images": ((4, 3, 2, 5), (1, 1, 2, 2)), "rows": ((6, 2, 4), (1, 2, 3)), "volume": ((8, 1, 2, 3, 2), (1, 1, 2, 2, 2)), "channels": ((4, 2, 3, 4), (1, 2, 1, 2))}
    for label, (shape, block) in shapes.items():
        batch = shape if name == "BatchToSpace" else (2, *(4 if block[i] == 2 else shape[i] * block[i] for i in range(1, len(shape))))
        zero, amount = i64(*[0] * len(shape)), i64(*[0] * (len(shape) - 1), 1)
        add(name, 2, label, normal(*batch), const(i64(*block)), const(zero), const(zero))
        if name == "BatchToSpace":
            add(name, 2, label + "_cropped", normal(*batch), const(i64(*block)), const(amount), const(amount))
    add(name, 2, "dynamic", dynamic(normal(4, 3, 4, 6)), const(i64(1, 1, 2, 2)), const(i64(0, 0, 0, 0)), const(i64(0, 0, 0, 0)))
    add(name, 2, "i32", integers(4, 3, 4, 6), const(i64(1, 1, 2, 2)), const(i64(0, 0, 0, 0)), const(i64(0, 0, 0, 0)))
add("SpaceToBatch", 2, "padded", normal(2, 3, 3, 5), const(i64(1, 1, 2, 3)), const(i64(0, 0, 1, 0)), const(i64(0, 0, 0, 1)))
for label, shape, axis, group in (("channels", (2, 6, 3, 4), 1, 3), ("negative_axis", (2, 3, 8), -1, 4), ("rows", (6, 5), 0, 2), ("whole", (1, 4, 2), 1, 4)):
    add("ShuffleChannels", 1, label, normal(*shape), axis=axis, group=group)
add("ShuffleChannels", 1, "i32", integers(1, 6, 2, 2), axis=1, group=2)
add("ShuffleChannels", 1, "dynamic", dynamic(normal(2, 6, 3, 4)), axis=1, group=2)
for label, shape, shift, axes in (("one", (5,), (2,), (0,)), ("negative", (3, 4), (-1,), (1,)), ("two", (3, 4, 5), (1, -2), (0, 2)), ("repeated", (3, 4), (1, 2), (1, 1)),
                                  ("beyond", (3, 4), (9,), (-1,))):
    add("Roll", 7, label, normal(*shape), const(i64(*shift)), const(i64(*axes)))
add("Roll", 7, "scalars", normal(3, 4), const(scalar(1, I64)), const(scalar(0, I64)))
add("Roll", 7, "i32", integers(3, 4), const(i32(1, 1)), const(i32(0, 1)))
add("Roll", 7, "parameters", normal(3, 4), i64(1), i64(1))
add("Roll", 7, "dynamic", dynamic(normal(3, 4)), const(i64(2)), const(i64(1)))
add("Reverse", 1, "index", normal(3, 4, 5), const(i64(1)), mode="index")
add("Reverse", 1, "index_two", normal(3, 4, 5), const(i64(0, 2)), mode="index")
add("Reverse", 1, "mask", normal(3, 4, 5), const(array([True, False, True], BOOL)), mode="mask")
add("Reverse", 1, "i32", integers(3, 4), const(i32(0)), mode="index")
add("Reverse", 1, "dynamic", dynamic(normal(3, 4)), const(i64(1)), mode="index")
add("ReverseSequence", 1, "plain", normal(3, 5, 2), i64(2, 5, 1), batch_axis=0, seq_axis=1)
add("ReverseSequence", 1, "sequence_first", normal(5, 3, 2), i64(2, 5, 3), batch_axis=1, seq_axis=0)
add("ReverseSequence", 1, "negative_axes", normal(2, 4, 3), const(i32(1, 4, 3)), batch_axis=-1, seq_axis=-2)
add("ReverseSequence", 1, "i32", integers(3, 5), i32(2, 5, 1), batch_axis=0, seq_axis=1)
add("ReverseSequence", 1, "f32_lengths", normal(3, 5), array([2, 5, 1], F32), batch_axis=0, seq_axis=1)
add("ReverseSequence", 1, "dynamic", dynamic(normal(3, 5, 2)), dynamic(i64(2, 5, 1)), batch_axis=0, seq_axis=1)
for label, shape, sizes, strides, rates, pad in (("plain", (1, 2, 6, 7), (3, 2), (2, 2), (1, 1), "valid"), ("rates", (1, 2, 8, 8), (2, 3), (1, 2), (3, 2), "valid"),
                                                 ("same_upper", (2, 1, 5, 6), (3, 3), (2, 2), (1, 1), "same_upper"), ("same_lower", (1, 2, 5, 6), (2, 2), (2, 3), (1, 1), "same_lower")):
    add("ExtractImagePatches", 3, label, normal(*shape), sizes=list(sizes), strides=list(strides), rates=list(rates), auto_pad=pad)
add("ExtractImagePatches", 3, "i32", integers(1, 1, 4, 4), sizes=[2, 2], strides=[2, 2], rates=[1, 1], auto_pad="valid")
add("ExtractImagePatches", 3, "dynamic", dynamic(normal(1, 2, 6, 7)), sizes=[3, 2], strides=[2, 2], rates=[1, 1], auto_pad="valid")
add("Col2Im", 15, "plain", normal(1, 12, 9), const(i64(4, 4)), const(i64(2, 2)), strides=[1, 1], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0])
add("Col2Im", 15, "strided_padded", normal(2, 18, 9), const(i64(5, 5)), const(i64(3, 3)), strides=[2, 2], dilations=[1, 1], pads_begin=[1, 1], pads_end=[1, 1])
add("Col2Im", 15, "dilated", normal(1, 4, 9), const(i64(5, 5)), const(i64(2, 2)), strides=[1, 1], dilations=[2, 2], pads_begin=[0, 0], pads_end=[0, 0])
add("Col2Im", 15, "no_batch", normal(8, 4), const(i64(4, 4)), const(i64(2, 2)), strides=[2, 2], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0])
add("Col2Im", 15, "dynamic", dynamic(normal(1, 12, 9)), const(i64(4, 4)), const(i64(2, 2)), strides=[1, 1], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0])
add("ReorgYolo", 2, "two", normal(1, 4, 4, 6), stride=[2])
add("ReorgYolo", 2, "three", normal(2, 9, 6, 3), stride=[3])
add("ReorgYolo", 2, "dynamic", dynamic(normal(1, 4, 4, 6)), stride=[2])
