let imageOperators: [OperatorRegistry.Entry] = [
  .init("Interpolate", [1, 4, 11], Interpolate.init),
  .init("GridSample", [9], GridSample.init),
  .init("NV12toRGB", [8]) { _ in ColorConversion(.nv12, .rgb) },
  .init("NV12toBGR", [8]) { _ in ColorConversion(.nv12, .bgr) },
  .init("I420toRGB", [8]) { _ in ColorConversion(.i420, .rgb) },
  .init("I420toBGR", [8]) { _ in ColorConversion(.i420, .bgr) },
]
