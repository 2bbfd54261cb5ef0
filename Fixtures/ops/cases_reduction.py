"""Reductions, running sums and normalisations."""

from case import F16, F32, I32, I64, add, array, booleans, const, dynamic, i32, i64, integers, normal, scalar, uniform

AXES = {
    "last": (-1,), "first": (0,), "middle": (1,), "spatial": (2, 3), "channels_and_rows": (1, 2), "all": (0, 1, 2, 3), "negative": (-2, -4),
    "none": (),
}
KEPT = ("middle", "negative", "none")
for name, version in {
    "ReduceL1": 4, "ReduceL2": 4, "ReduceMax": 1, "ReduceMean": 1, "ReduceMin": 1, "ReduceProd": 1, "ReduceSum": 1,
}.items():
    for label in AXES if name in ("ReduceSum", "ReduceMax") else ("last", "negative", "all"):
        add(name, version, label, uniform(2, 3, 4, 5, low=-2, high=2), const(array(AXES[label], I64)), keep_dims=label in KEPT)
    add(name, version, "spatial_kept", normal(2, 3, 4, 5), const(i64(2, 3)), keep_dims=True)
    add(name, version, "five", normal(2, 3, 2, 3, 4), const(i64(1, 4)), keep_dims=False)
    add(name, version, "f16", uniform(3, 8, low=0.5, high=1.5, dtype=F16), const(i64(1)), keep_dims=False)
    add(name, version, "dynamic", dynamic(normal(2, 3, 4, 5)), const(i64(2, 3)), keep_dims=False)
    if name not in ("ReduceMean", "ReduceL2"):
        for label, dtype in (("i32", I32), ("i64", I64)):
            add(name, version, label, integers(3, 5, low=-4, high=5, dtype=dtype), const(i64(1)), keep_dims=False)
for name in ("ReduceSum", "ReduceMin"):
    add(name, 1, "all_kept", normal(2, 3, 4), const(i64(0, 1, 2)), keep_dims=True)
    add(name, 1, "scalar_axis", normal(3, 33), const(scalar(1, I64)), keep_dims=False)
    add(name, 1, "axes_i32", normal(3, 4, 5), const(i32(0, 2)), keep_dims=False)
add("ReduceMean", 1, "i32_exact", array([[2, 4, 6], [-3, 0, 3]], I32), const(i64(1)), keep_dims=False)
add("ReduceSum", 1, "long", normal(2, 1031), const(i64(1)), keep_dims=False)
add("ReduceMax", 1, "long", normal(2, 1031), const(i64(1)), keep_dims=False)
add("ReduceSum", 1, "no_elements", dynamic(normal(2, 0, 3)), const(i64(1)), keep_dims=False)
for name in ("ReduceLogicalAnd", "ReduceLogicalOr"):
    mostly = uniform(2, 3, 4, 5).map(lambda a, n=name: a > 0.15 if n == "ReduceLogicalAnd" else a > 0.85)
    for label in AXES if name == "ReduceLogicalAnd" else ("last", "negative", "all"):
        add(name, 1, label, mostly, const(array(AXES[label], I64)), keep_dims=label in KEPT)
    add(name, 1, "all_kept", mostly, const(i64(0, 1, 2, 3)), keep_dims=True)
    add(name, 1, "scalar_axis", booleans(4, 3), const(scalar(0, I64)), keep_dims=False)
    add(name, 1, "dynamic", dynamic(mostly), const(i64(1, -1)), keep_dims=False)

for exclusive in (False, True):
    for reverse in (False, True):
        label = "_".join(["exclusive"] * exclusive + ["reverse"] * reverse) or "plain"
        for axis in (0, -1):
            add("CumSum", 3, f"{label}_{'last' if axis else 'first'}", normal(3, 4, 5), const(scalar(axis, I64)), exclusive=exclusive, reverse=reverse)
add("CumSum", 3, "middle_i32_axis", normal(3, 4, 5), const(scalar(1, I32)))
add("CumSum", 3, "row", normal(67), const(scalar(0, I64)))
add("CumSum", 3, "i32", integers(3, 5), const(scalar(1, I64)))
add("CumSum", 3, "i64", integers(3, 5, dtype=I64), const(scalar(1, I64)), reverse=True)
add("CumSum", 3, "f16", integers(3, 5, dtype=F16), const(scalar(1, I64)))
add("CumSum", 3, "axis_parameter", normal(3, 5), scalar(1, I64))
add("CumSum", 3, "dynamic", dynamic(normal(3, 4, 5)), const(scalar(1, I64)))


def statistics(channels, dtype=F32):
    """gamma, beta, mean and variance of a batch normalisation."""
    return (const(uniform(channels, low=0.5, high=1.5, dtype=dtype)), const(normal(channels, dtype=dtype)),
            const(normal(channels, dtype=dtype)), const(uniform(channels, low=0.25, high=2, dtype=dtype)))


for label, shape in {"2d": (3, 4), "3d": (2, 3, 5), "4d": (2, 3, 4, 5), "5d": (1, 3, 2, 4, 3)}.items():
    gamma, beta, mean, variance = statistics(shape[1])
    add("BatchNormInference", 5, label, normal(*shape), gamma, beta, mean, variance, epsilon=1e-3)
    add("BatchNormInference", 1, label, gamma, beta, normal(*shape), mean, variance, epsilon=1e-3)
gamma, beta, mean, variance = statistics(3)
add("BatchNormInference", 5, "big_epsilon", normal(2, 3, 4), gamma, beta, mean, variance, epsilon=0.5)
add("BatchNormInference", 5, "dynamic", dynamic(normal(2, 3, 4, 5), "?,3,?,?"), gamma, beta, mean, variance, epsilon=1e-5)
add("BatchNormInference", 1, "dynamic", gamma, beta, dynamic(normal(2, 3, 4, 5), "?,3,?,?"), mean, variance, epsilon=1e-5)
add("BatchNormInference", 5, "f16", normal(2, 3, 4, dtype=F16), *statistics(3, F16), epsilon=1e-3)

add("MVN", 2, "spatial", normal(2, 3, 4, 5), across_channels=False, normalize_variance=True, eps=1e-9)
add("MVN", 2, "across_channels", normal(2, 3, 4, 5), across_channels=True, normalize_variance=True, eps=1e-9)
add("MVN", 2, "mean_only", normal(2, 3, 4, 5), across_channels=False, normalize_variance=False, eps=1e-9)
add("MVN", 2, "big_epsilon", normal(2, 3, 4, 5), across_channels=False, normalize_variance=True, eps=0.25)
add("MVN", 2, "volume", normal(1, 2, 3, 4, 5), across_channels=False, normalize_variance=True, eps=1e-9)
add("MVN", 2, "dynamic", dynamic(normal(2, 3, 4, 5)), across_channels=False, normalize_variance=True, eps=1e-9)
for mode in ("INSIDE_SQRT", "OUTSIDE_SQRT"):
    attributes = {"normalize_variance": True, "eps": 0.125, "eps_mode": mode}
    label = mode.split("_")[0].lower()
    add("MVN", 6, label + "_spatial", normal(2, 3, 4, 5), const(i64(2, 3)), **attributes)
    add("MVN", 6, label + "_last", normal(3, 4, 5), const(i64(-1)), **attributes)
    add("MVN", 6, label + "_channels", normal(2, 3, 4, 5), const(i64(1, 2, 3)), **attributes)
add("MVN", 6, "rows", normal(4, 67), const(i32(1)), normalize_variance=True, eps=1e-5, eps_mode="INSIDE_SQRT")
add("MVN", 6, "mean_only", normal(2, 3, 4), const(i64(2)), normalize_variance=False, eps=1e-5, eps_mode="INSIDE_SQRT")
add("MVN", 6, "dynamic", dynamic(normal(2, 3, 4, 5)), const(i64(2, 3)), normalize_variance=True, eps=1e-5, eps_mode="INSIDE_SQRT")
add("MVN", 6, "f16", normal(3, 16, dtype=F16), const(i64(1)), normalize_variance=True, eps=1e-3, eps_mode="INSIDE_SQRT")

for label, shape, groups in (("rows", (3, 4), 2), ("sequence", (2, 4, 5), 2), ("images", (2, 6, 3, 4), 3), ("instance", (2, 4, 3, 3), 4),
                             ("one_group", (2, 4, 3, 3), 1), ("volume", (1, 4, 2, 3, 2), 2)):
    add("GroupNormalization", 12, label, normal(*shape), const(normal(shape[1])), const(normal(shape[1])), num_groups=groups, epsilon=1e-5)
add("GroupNormalization", 12, "big_epsilon", normal(2, 4, 5), const(normal(4)), const(normal(4)), num_groups=2, epsilon=0.5)
add("GroupNormalization", 12, "parameters", normal(2, 4, 5), normal(4), normal(4), num_groups=2, epsilon=1e-4)
add("GroupNormalization", 12, "dynamic", dynamic(normal(2, 4, 3, 5), "?,4,?,?"), const(normal(4)), const(normal(4)), num_groups=2, epsilon=1e-5)

add("LRN", 1, "channels", normal(2, 7, 3, 4), const(i64(1)), alpha=0.5, beta=0.75, bias=1.0, size=3)
add("LRN", 1, "channels_wide", normal(1, 7, 3, 4), const(i64(1)), alpha=1e-2, beta=0.5, bias=2.0, size=5)
add("LRN", 1, "spatial", normal(1, 3, 5, 6), const(i64(2, 3)), alpha=0.5, beta=0.75, bias=1.0, size=3)
add("LRN", 1, "rows", normal(3, 9), const(i64(1)), alpha=0.5, beta=0.75, bias=1.0, size=3)
add("LRN", 1, "dynamic", dynamic(normal(2, 7, 3, 4)), const(i64(1)), alpha=0.5, beta=0.75, bias=1.0, size=3)
for label, axes in {"channels": (1,), "spatial": (2, 3), "all_but_batch": (1, 2, 3)}.items():
    for mode in ("add", "max"):
        add("NormalizeL2", 1, f"{label}_{mode}", normal(2, 3, 4, 5), const(array(axes, I64)), eps=0.25, eps_mode=mode)
add("NormalizeL2", 1, "rows", normal(3, 8), const(i64(1)), eps=1e-6, eps_mode="max")
add("NormalizeL2", 1, "floor", array([[0.1, 0.1], [3, 4]]), const(i64(1)), eps=1.0, eps_mode="max")
add("NormalizeL2", 1, "dynamic", dynamic(normal(2, 3, 4, 5)), const(i64(1)), eps=1e-6, eps_mode="add")
add("GRN", 1, "images", normal(2, 3, 4, 5), bias=1.0)
add("GRN", 1, "rows", normal(3, 5), bias=0.125)
add("GRN", 1, "sequence", normal(2, 3, 7), bias=1e-3)
add("GRN", 1, "dynamic", dynamic(normal(2, 3, 4, 5)), bias=0.5)
