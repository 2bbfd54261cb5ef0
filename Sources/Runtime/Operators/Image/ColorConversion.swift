/// NV12toRGB, NV12toBGR, I420toRGB and I420toBGR: images of luma and half-sized chroma planes to interleaved colours.
///
/// Operands: one plane `[batch, 3/2·height, width, 1]` that holds everything, or luma `[batch, height, width, 1]` and the chroma
/// planes: NV12 one `[batch, height/2, width/2, 2]`, I420 two `[batch, height/2, width/2, 1]`. Output:
/// `[batch, height, width, 3]`.
struct ColorConversion: Operator {
  enum Source: Sendable { case nv12, i420 }
  enum Target: Sendable { case rgb, bgr }

  let source: Source
  let target: Target

  init(_ source: Source, _ target: Target) {
    self.source = source
    self.target = target
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    let planes = source == .nv12 ? 2 : 3
    guard operands.count == 1 || operands.count == planes else {
      throw invalid("there are \(operands.count) inputs", suggestion: "the operation takes one plane or \(planes)")
    }
    let type = try operands.commonElementType(of: Array(0..<operands.count))
    guard type == .u8 || type.isFloatingPoint || type == .dynamic else {
      throw invalid("the planes have the element type \(type)", suggestion: "they must hold u8 or floating-point numbers")
    }
    var luma = try operands.extents(0, rank: 4, "the first plane")
    _ = try luma[3].agreeing(with: 1, "the channels of the first plane")
    if operands.count == 1 {
      if let rows = luma[1].length, rows % 3 != 0 { throw invalid("a plane of \(rows) rows", suggestion: "rows must divide by 3") }
      luma[1] = luma[1].map { $0 / 3 * 2 }
    }
    for (axis, name) in [(1, "height"), (2, "width")] {
      if let length = luma[axis].length, length % 2 != 0 { throw invalid("the \(name) is \(length)", suggestion: "it must be even") }
    }
    for index in 1..<max(1, operands.count) {
      let chroma = try operands.extents(index, rank: 4, "a chroma plane")
      let channels: Dimension = source == .nv12 ? 2 : 1
      let expected = [luma[0], luma[1].map { $0 / 2 }, luma[2].map { $0 / 2 }, channels]
      _ = try Dimension.agreeing(expected, chroma, "the shape of the chroma planes")
    }
    return [ValueType(type, PartialShape([luma[0], luma[1], luma[2], 3]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (batch, height, width) = (shape[0], shape[1], shape[2])
    let planes = operands.map { $0.doubles() }
    let rounds = operands[0].elementType == .u8
    let (lumaSize, chromaSize) = (height * width, height * width / 4)
    /// The luma, and U and V, of a pixel.
    func components(_ image: Int, _ y: Int, _ x: Int) -> (Double, Double, Double) {
      let pixel = y * width + x
      let chroma = (y / 2) * (width / 2) + x / 2
      if planes.count == 1 {
        let base = image * lumaSize * 3 / 2
        let plane = base + lumaSize
        let (u, v) = source == .nv12 ? (2 * chroma, 2 * chroma + 1) : (chroma, chromaSize + chroma)
        return (planes[0][base + pixel], planes[0][plane + u], planes[0][plane + v])
      }
      let luma = planes[0][image * lumaSize + pixel]
      let base = image * chromaSize + chroma
      return source == .nv12 ? (luma, planes[1][2 * base], planes[1][2 * base + 1]) : (luma, planes[1][base], planes[2][base])
    }
    var result: [Double] = []
    result.reserveCapacity(shape.elementCount)
    shape.dropLast().map { $0 }.forEachIndex { index in
      let (luma, u, v) = components(index[0], index[1], index[2])
      let (c, d, e) = (1.164 * (luma - 16), u - 128, v - 128)
      let rgb = [c + 1.596 * e, c - 0.813 * e - 0.391 * d, c + 2.018 * d].map { value in
        min(max(rounds ? value.rounded(.toNearestOrAwayFromZero) : value, 0), 255)
      }
      result += target == .rgb ? rgb : rgb.reversed()
    }
    return [Tensor(operands[0].elementType, shape: [batch, height, width, 3], doubles: result)]
  }
}
