"""Anchors, proposals, regions of interest and suppression of overlapping boxes."""

import numpy as np
from case import F32, I32, I64, Value, add, array, const, dynamic, f32, i32, i64, normal, scalar, shuffled, uniform


def boxes(*shape, size=16.0):
    """Corners in the order of the axes: left, top, right, bottom."""
    def draw(rng):
        corner = rng.uniform(0, size * 0.6, (*shape, 2))
        return np.concatenate([corner, corner + rng.uniform(size * 0.15, size * 0.4, (*shape, 2))], -1).astype(F32)
    return Value(draw)


def probabilities(*shape):
    """Distinct, so that an ordering of them has one answer only."""
    return shuffled(*shape).map(lambda a: ((a - a.min() + 0.125) / (a.max() - a.min() + 0.25)).astype(F32))


def regions(count, batch, size=16.0, rotated=False):
    """Rows of the image's number and a box."""
    def draw(rng):
        box = boxes(count, size=size).draw(rng)
        return np.concatenate([np.sort(rng.integers(0, batch, (count, 1))).astype(F32), box], -1)
    return Value(draw)


def limits(version, count, overlap, score):
    return [const(scalar(count, I64)), const(scalar(overlap)), const(scalar(score))]


for version in (1, 3, 4, 5, 9):
    kind = {} if version == 1 else {"output_type": "i64"}
    common = {"box_encoding": "corner", "sort_result_descending": True, **kind}
    add("NonMaxSuppression", version, "plain", boxes(1, 10), probabilities(1, 2, 10), *limits(version, 4, 0.4, 0.1), **common)
    add("NonMaxSuppression", version, "few", boxes(1, 10), probabilities(1, 2, 10), *limits(version, 2, 0.4, 0.1), **common)
    add("NonMaxSuppression", version, "batch", boxes(2, 10), probabilities(2, 2, 10), *limits(version, 3, 0.5, 0.2), **common)
    centre = boxes(1, 10).map(lambda a: np.concatenate([(a[..., :2] + a[..., 2:]) / 2, a[..., 2:] - a[..., :2]], -1))
    add("NonMaxSuppression", version, "centre", centre, probabilities(1, 2, 10), *limits(version, 4, 0.4, 0.1), **{**common, "box_encoding": "center"})
    add("NonMaxSuppression", version, "strict", boxes(1, 10), probabilities(1, 2, 10), *limits(version, 4, 0.1, 0.5), **common)
    add("NonMaxSuppression", version, "dynamic", dynamic(boxes(1, 10), "?,?,4"), dynamic(probabilities(1, 2, 10)), *limits(version, 4, 0.4, 0.1), **common)
    if version > 1:
        add("NonMaxSuppression", version, "i32", boxes(1, 10), probabilities(1, 2, 10), *limits(version, 4, 0.4, 0.1), **{**common, "output_type": "i32"})
    if version >= 5:
        add("NonMaxSuppression", version, "soft", boxes(1, 10), probabilities(1, 1, 10), *limits(version, 5, 0.4, 0.05), const(scalar(0.5)), **common)
rotated = boxes(1, 8).map(lambda a: np.concatenate([a, np.linspace(-1, 1, a.shape[1], dtype=F32).reshape(1, -1, 1)], -1))
for clockwise in (True, False):
    label = "clockwise" if clockwise else "anticlockwise"
    add("NMSRotated", 13, label, rotated, probabilities(1, 2, 8), *limits(13, 5, 0.3, 0.1), sort_result_descending=True, output_type="i64", clockwise=clockwise)
add("NMSRotated", 13, "i32", rotated, probabilities(1, 2, 8), *limits(13, 3, 0.2, 0.1), sort_result_descending=True, output_type="i32", clockwise=True)
add("NMSRotated", 13, "dynamic", dynamic(rotated, "?,?,5"), dynamic(probabilities(1, 2, 8)), *limits(13, 5, 0.3, 0.1), sort_result_descending=True, output_type="i64", clockwise=True)

MATRIX = {"sort_result_type": "score", "sort_result_across_batch": False, "output_type": "i64", "score_threshold": 0.1, "nms_top_k": -1, "keep_top_k": -1,
          "background_class": -1, "decay_function": "linear", "gaussian_sigma": 2.0, "post_threshold": 0.0, "normalized": True}
for label, more in (("plain", {}), ("gaussian", {"decay_function": "gaussian"}), ("limits", {"nms_top_k": 4, "keep_top_k": 5, "background_class": 1}),
                    ("threshold", {"post_threshold": 0.4}), ("i32", {"output_type": "i32"})):
    add("MatrixNms", 8, label, boxes(1, 8), probabilities(1, 3, 8), **{**MATRIX, **more})
add("MatrixNms", 8, "batch", boxes(2, 8), probabilities(2, 3, 8), **MATRIX)
add("MatrixNms", 8, "across_batch", boxes(2, 8), probabilities(2, 3, 8), **{**MATRIX, "sort_result_across_batch": True})
add("MatrixNms", 8, "dynamic", dynamic(boxes(1, 8), "?,?,4"), dynamic(probabilities(1, 3, 8)), **MATRIX)
CLASSES = {"sort_result_type": "score", "sort_result_across_batch": False, "output_type": "i64", "iou_threshold": 0.4, "score_threshold": 0.1, "nms_top_k": -1,
           "keep_top_k": -1, "background_class": -1, "normalized": True, "nms_eta": 1.0}
for version in (8, 9):
    for label, more in (("plain", {}), ("by_class", {"sort_result_type": "classid"}), ("limits", {"nms_top_k": 4, "keep_top_k": 5, "background_class": 1}),
                        ("i32", {"output_type": "i32"})):
        add("MulticlassNms", version, label, boxes(1, 8), probabilities(1, 3, 8), **{**CLASSES, **more})
    add("MulticlassNms", version, "batch", boxes(2, 8), probabilities(2, 3, 8), **CLASSES)
    add("MulticlassNms", version, "dynamic", dynamic(boxes(1, 8), "?,?,4"), dynamic(probabilities(1, 3, 8)), **CLASSES)
add("MulticlassNms", 9, "counts", boxes(3, 8), probabilities(3, 8), i64(5, 3), **CLASSES)

DETECTION = {"background_label_id": 0, "top_k": 20, "variance_encoded_in_target": False, "keep_top_k": [10], "code_type": "caffe.PriorBoxParameter.CENTER_SIZE",
             "share_location": True, "nms_threshold": 0.45, "confidence_threshold": 0.02, "clip_after_nms": False, "clip_before_nms": False,
             "decrease_label_id": False, "normalized": True, "input_height": 1, "input_width": 1, "objectness_score": 0.0}


def priors(count):
    """Boxes and the variances of their coordinates."""
    return boxes(count, size=1.0).map(lambda a: np.stack([a.ravel(), np.tile(np.array([0.1, 0.1, 0.2, 0.2], F32), count)])[None])


for version in (1, 8):
    own = {"num_classes": 3} if version == 1 else {}
    for label, more in (("plain", {}), ("corners", {"code_type": "caffe.PriorBoxParameter.CORNER"}), ("clipped", {"clip_after_nms": True}), ("few", {"keep_top_k": [3]})):
        add("DetectionOutput", version, label, normal(1, 32, scale=0.3), probabilities(1, 24), priors(8), **{**DETECTION, **own, **more})
    add("DetectionOutput", version, "batch", normal(2, 32, scale=0.3), probabilities(2, 24), priors(8), **{**DETECTION, **own})
    add("DetectionOutput", version, "dynamic", dynamic(normal(1, 32, scale=0.3)), dynamic(probabilities(1, 24)), dynamic(priors(8)), **{**DETECTION, **own})

PRIOR = {"offset": 0.5, "variance": [0.1, 0.1, 0.2, 0.2]}
for version in (1, 8):
    for label, more in (("min", {"min_size": [16.0, 25.0]}), ("max", {"min_size": [16.0], "max_size": [30.0], "aspect_ratio": [2.0], "flip": True}),
                        ("density", {"fixed_size": [16.0], "density": [2.0]}), ("clipped", {"min_size": [25.0], "clip": True}),
                        ("step", {"min_size": [16.0], "step": 9.0})):
        attributes = {"min_size": [], "max_size": [], "aspect_ratio": [], "density": [], "fixed_ratio": [], "fixed_size": [], "clip": False, "flip": False, **PRIOR}
        add("PriorBox", version, label, i64(3, 4), i64(48, 60), **{**attributes, **more})
    add("PriorBox", version, "constant", const(i64(2, 2)), const(i64(32, 32)), **{**attributes, "min_size": [16.0]})
for label, more in (("plain", {}), ("clipped", {"clip": True}), ("step", {"step_w": 9.0, "step_h": 7.0})):
    add("PriorBoxClustered", 1, label, i64(3, 4), i64(48, 60), width=[10.0, 40.0], height=[12.0, 35.0], **{**PRIOR, "clip": False, "step": 0.0, **more})

PROPOSAL = {"base_size": 8, "pre_nms_topn": 30, "post_nms_topn": 8, "nms_thresh": 0.6, "feat_stride": 8, "min_size": 4, "ratio": [0.5, 1.0, 2.0],
            "scale": [1.0, 2.0], "clip_before_nms": True, "clip_after_nms": False, "normalize": False, "box_size_scale": 1.0, "box_coordinate_scale": 1.0, "framework": ""}
for version in (1, 4):
    for label, more in (("plain", {}), ("normalised", {"normalize": True}), ("clipped", {"clip_before_nms": False, "clip_after_nms": True})):
        add("Proposal", version, label, probabilities(1, 12, 4, 5), normal(1, 24, 4, 5, scale=0.2), f32(32, 40, 1), **{**PROPOSAL, **more})
    add("Proposal", version, "batch", probabilities(2, 12, 4, 5), normal(2, 24, 4, 5, scale=0.2), f32(32, 40, 1), **PROPOSAL)

ANCHORS = boxes(12 * 5, size=32.0)
GENERATE = {"min_size": 2.0, "nms_threshold": 0.5, "post_nms_count": 8, "pre_nms_count": 40, "normalized": True, "nms_eta": 1.0, "roi_num_type": "i64"}
grid = boxes(4, 5, 3, size=32.0)
for label, more in (("plain", {}), ("i32", {"roi_num_type": "i32"}), ("pixels", {"normalized": False})):
    add("GenerateProposals", 9, label, array([[32, 40, 1]]), grid, normal(1, 12, 4, 5, scale=0.2), probabilities(1, 3, 4, 5), **{**GENERATE, **more})
add("GenerateProposals", 9, "batch", array([[32, 40, 1], [30, 36, 1]]), grid, normal(2, 12, 4, 5, scale=0.2), probabilities(2, 3, 4, 5), **GENERATE)

add("ExperimentalDetectronPriorGridGenerator", 6, "flat", normal(3, 4, scale=4), normal(1, 4, 4, 5), normal(1, 3, 32, 40), flatten=True, h=0, w=0, stride_x=0.0, stride_y=0.0)
add("ExperimentalDetectronPriorGridGenerator", 6, "grid", normal(3, 4, scale=4), normal(1, 4, 4, 5), normal(1, 3, 32, 40), flatten=False, h=0, w=0, stride_x=0.0, stride_y=0.0)
add("ExperimentalDetectronPriorGridGenerator", 6, "stride", normal(3, 4, scale=4), normal(1, 4, 4, 5), normal(1, 3, 32, 40), flatten=True, h=0, w=0, stride_x=7.0, stride_y=9.0)
for label, more in (("plain", {}), ("min_size", {"min_size": 6.0})):
    add("ExperimentalDetectronGenerateProposalsSingleImage", 6, label, f32(32, 40, 1), boxes(60, size=32.0), normal(12, 4, 5, scale=0.2), probabilities(3, 4, 5),
        **{"min_size": 0.0, "nms_threshold": 0.5, "post_nms_count": 8, "pre_nms_count": 40, **more})
add("ExperimentalDetectronTopKROIs", 6, "few", boxes(8), probabilities(8), max_rois=3)
add("ExperimentalDetectronTopKROIs", 6, "all", boxes(8), probabilities(8), max_rois=8)
DETECTRON = {"score_threshold": 0.1, "nms_threshold": 0.4, "num_classes": 3, "post_nms_count": 20, "max_detections_per_image": 6, "class_agnostic_box_regression": False,
             "max_delta_log_wh": 4.135, "deltas_weights": [10.0, 10.0, 5.0, 5.0]}
for label, more in (("plain", {}), ("threshold", {"score_threshold": 0.6}), ("weights", {"deltas_weights": [1.0, 1.0, 1.0, 1.0], "max_delta_log_wh": 0.2})):
    add("ExperimentalDetectronDetectionOutput", 6, label, boxes(8, size=30.0), normal(8, 12, scale=0.2), probabilities(8, 3), array([[60, 60, 1]]), **{**DETECTRON, **more})
for label, ratio in (("two", 2), ("adaptive", 0)):
    for aligned in (False, True):
        add("ExperimentalDetectronROIFeatureExtractor", 6, label + ("_aligned" if aligned else ""), boxes(5, size=90.0), normal(1, 2, 24, 24), normal(1, 2, 12, 12), output_size=2,
            sampling_ratio=ratio, pyramid_scales=[4, 8], aligned=aligned)

for version in (3, 9):
    for mode in ("avg", "max"):
        for ratio in (0, 2):
            # The plugin never gives less than zero for a greatest value.
            draw = normal(2, 3, 8, 8) if mode == "avg" else uniform(2, 3, 8, 8)
            add("ROIAlign", version, f"{mode}_{ratio}", draw, boxes(4, size=8.0), i32(0, 1, 0, 1), pooled_h=3, pooled_w=2, sampling_ratio=ratio, spatial_scale=1.0, mode=mode)
    add("ROIAlign", version, "scale", normal(2, 3, 8, 8), boxes(4, size=32.0), i32(0, 1, 0, 1), pooled_h=3, pooled_w=2, sampling_ratio=2, spatial_scale=0.25, mode="avg")
    add("ROIAlign", version, "dynamic", dynamic(normal(2, 3, 8, 8)), dynamic(boxes(4, size=8.0), "?,4"), dynamic(i32(0, 1, 0, 1)), pooled_h=3, pooled_w=2, sampling_ratio=2, spatial_scale=1.0,
        mode="avg")
for aligned in ("half_pixel_for_nn", "half_pixel"):
    add("ROIAlign", 9, aligned, normal(2, 3, 8, 8), boxes(4, size=8.0), i32(0, 1, 0, 1), pooled_h=3, pooled_w=2, sampling_ratio=2, spatial_scale=1.0, mode="avg", aligned_mode=aligned)
turned = boxes(4, size=8.0).map(lambda a: np.concatenate([(a[:, :2] + a[:, 2:]) / 2, a[:, 2:] - a[:, :2], np.linspace(-1, 1, len(a), dtype=F32)[:, None]], 1).astype(F32))
for clockwise in (False, True):
    add("ROIAlignRotated", 15, "clockwise" if clockwise else "anticlockwise", normal(2, 3, 8, 8), turned, i32(0, 1, 0, 1), pooled_h=3, pooled_w=2, sampling_ratio=2,
        spatial_scale=1.0, clockwise_mode=clockwise)
for method in ("max", "bilinear"):
    draw = uniform(2, 3, 8, 8)
    unit = regions(4, 2, 8.0) if method == "max" else regions(4, 2, 1.0)
    add("ROIPooling", 2, method, draw, unit, output_roi=[3, 2], spatial_scale=1.0, method=method)
add("ROIPooling", 2, "max_scale", uniform(2, 3, 8, 8), regions(4, 2, 32.0), output_roi=[2, 2], spatial_scale=0.25, method="max")
add("PSROIPooling", 1, "average", normal(2, 8, 8, 8), regions(4, 2, 8.0), output_dim=2, group_size=2, spatial_scale=1.0, mode="average", spatial_bins_x=1, spatial_bins_y=1)
add("PSROIPooling", 1, "bilinear", normal(1, 8, 6, 6), regions(4, 1, 1.0), output_dim=2, group_size=3, spatial_scale=1.0, mode="bilinear", spatial_bins_x=2, spatial_bins_y=2)
DEFORMABLE = {"output_dim": 2, "spatial_scale": 1.0, "group_size": 2, "mode": "bilinear_deformable", "spatial_bins_x": 2, "spatial_bins_y": 2, "trans_std": 0.1, "part_size": 2}
add("DeformablePSROIPooling", 1, "offsets", normal(1, 8, 8, 8), regions(3, 1, 8.0), uniform(3, 2, 2, 2, low=-1, high=1), **DEFORMABLE)
add("DeformablePSROIPooling", 1, "no_offsets", normal(1, 8, 8, 8), regions(3, 1, 8.0), **DEFORMABLE)
YOLO = {"anchors": [1.0, 2.0, 3.0, 1.5, 2.0, 4.0], "axis": 1, "coords": 4, "classes": 3, "num": 3}
add("RegionYolo", 1, "softmax", normal(2, 24, 2, 3), **YOLO, end_axis=3, do_softmax=True, mask=[])
add("RegionYolo", 1, "mask", normal(2, 24, 2, 2), **YOLO, end_axis=3, do_softmax=False, mask=[0, 1, 2])
add("RegionYolo", 1, "dynamic", dynamic(normal(1, 24, 2, 2)), **YOLO, end_axis=3, do_softmax=False, mask=[0, 1, 2])
