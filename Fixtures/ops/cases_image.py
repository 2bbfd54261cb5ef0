"""Resizing, sampling and colours."""

from case import F16, F32, U8, add, const, dynamic, f32, i64, integers, normal, uniform

for mode in ("nearest", "linear", "cubic"):
    add("Interpolate", 1, mode + "_up", normal(1, 2, 4, 5), const(i64(7, 9)), axes=[2, 3], mode=mode, align_corners=False)
    add("Interpolate", 1, mode + "_corners", normal(1, 2, 4, 5), const(i64(8, 10)), axes=[2, 3], mode=mode, align_corners=True)
add("Interpolate", 1, "nearest_down", normal(1, 2, 8, 6), const(i64(4, 3)), axes=[2, 3], mode="nearest", align_corners=False)
add("Interpolate", 1, "dynamic", dynamic(normal(1, 2, 4, 5)), const(i64(8, 10)), axes=[2, 3], mode="nearest", align_corners=False)


def sizes(version, *extents):
    """The operands behind the data: sizes and, in version 4, the scales that they stand for."""
    return (const(i64(*extents)), const(f32(*[1] * len(extents)))) if version == 4 else (const(i64(*extents)),)


def scales(version, *factors):
    return (const(i64(*[1] * len(factors))), const(f32(*factors))) if version == 4 else (const(f32(*factors)),)


COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple")
for version in (4, 11):
    for mode in ("nearest", "linear_onnx", "linear", "cubic"):
        for coordinates in COORDINATES:
            for label, extents in (("up", (7, 9)), ("down", (3, 2))):
                add("Interpolate", version, f"{mode}_{coordinates}_{label}", normal(1, 2, 4, 5), *sizes(version, *extents), const(i64(2, 3)), mode=mode,
                    shape_calculation_mode="sizes", coordinate_transformation_mode=coordinates)
    for rounding in NEAREST:
        add("Interpolate", version, "nearest_" + rounding, normal(1, 2, 4, 6), *sizes(version, 6, 9), const(i64(2, 3)), mode="nearest",
            shape_calculation_mode="sizes", coordinate_transformation_mode="half_pixel", nearest_mode=rounding)
    for mode in ("nearest", "linear_onnx", "linear", "cubic"):
        add("Interpolate", version, mode + "_scales", normal(1, 2, 4, 5), *scales(version, 2, 1.5), const(i64(2, 3)), mode=mode,
            shape_calculation_mode="scales", coordinate_transformation_mode="asymmetric")
    add("Interpolate", version, "many_channels", normal(1, 24, 4, 5), *sizes(version, 8, 10), const(i64(2, 3)), mode="linear_onnx", shape_calculation_mode="sizes")
    add("Interpolate", version, "pads", normal(1, 2, 4, 5), *sizes(version, 9, 8), const(i64(2, 3)), mode="nearest", shape_calculation_mode="sizes",
        pads_begin=[0, 0, 1, 0], pads_end=[0, 0, 0, 2])
    add("Interpolate", version, "volume", normal(1, 1, 2, 3, 4), *sizes(version, 4, 6, 8), const(i64(2, 3, 4)), mode="linear_onnx", shape_calculation_mode="sizes")
    add("Interpolate", version, "dynamic", dynamic(normal(1, 2, 4, 5)), *sizes(version, 8, 10), const(i64(2, 3)), mode="linear_onnx", shape_calculation_mode="sizes")
for mode in ("bilinear_pillow", "bicubic_pillow"):
    add("Interpolate", 11, mode + "_up", normal(1, 2, 4, 5), const(i64(7, 9)), const(i64(2, 3)), mode=mode, shape_calculation_mode="sizes", cube_coeff=-0.5)
    add("Interpolate", 11, mode + "_down", normal(1, 2, 9, 8), const(i64(4, 3)), const(i64(2, 3)), mode=mode, shape_calculation_mode="sizes", cube_coeff=-0.5)

for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (False, True):
            label = f"{mode}_{padding}" + ("_corners" if corners else "")
            add("GridSample", 9, label, normal(2, 3, 4, 5), uniform(2, 3, 4, 2, low=-1.4, high=1.4), mode=mode, padding_mode=padding, align_corners=corners)
add("GridSample", 9, "dynamic", dynamic(normal(1, 2, 4, 5)), dynamic(uniform(1, 3, 4, 2, low=-1, high=1)), mode="bilinear", padding_mode="zeros", align_corners=False)

for colour in ("RGB", "BGR"):
    for label, draw in (("f32", uniform), ("u8", None)):
        def plane(*shape, draw=draw):
            return draw(*shape, low=16, high=235, dtype=F32) if draw else integers(*shape, low=16, high=236, dtype=U8)
        add("NV12to" + colour, 8, "plane_" + label, plane(1, 6, 4, 1))
        add("NV12to" + colour, 8, "planes_" + label, plane(2, 4, 6, 1), plane(2, 2, 3, 2))
        add("I420to" + colour, 8, "plane_" + label, plane(1, 6, 4, 1))
        add("I420to" + colour, 8, "planes_" + label, plane(2, 4, 6, 1), plane(2, 2, 3, 1), plane(2, 2, 3, 1))
    add("NV12to" + colour, 8, "dynamic", dynamic(uniform(1, 6, 4, 1, low=16, high=235)))
    add("I420to" + colour, 8, "dynamic", dynamic(uniform(1, 6, 4, 1, low=16, high=235)))
