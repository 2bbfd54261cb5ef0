let detectionOperators: [OperatorRegistry.Entry] = [
  .init("PriorBox", [1, 8], PriorBox.init),
  .init("PriorBoxClustered", [1], PriorBoxClustered.init),
  .init("RegionYolo", [1], RegionYolo.init),
  .init("ROIPooling", [2], ROIPooling.init),
  .init("PSROIPooling", [1], PSROIPooling.init),
  .init("DeformablePSROIPooling", [1], DeformablePSROIPooling.init),
  .init("ROIAlign", [3, 9]) { try ROIAlign($0, rotated: false) },
  .init("ROIAlignRotated", [15]) { try ROIAlign($0, rotated: true) },
]
