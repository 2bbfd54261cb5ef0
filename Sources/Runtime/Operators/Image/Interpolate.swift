/// Resizes a tensor along some axes, after padding it with zeros.
///
/// Operands: version 1 the data and the sizes; version 4 the data, the sizes, the scales (of these one counts, by
/// `shape_calculation_mode`) and optionally the axes; version 11 the data, the sizes or scales, and optionally the axes.
/// Axes that are not given are all axes.
struct Interpolate: Operator {
  enum Mode: String, CaseIterable, Sendable {
    case nearest, linear, cubic
    case linearOnnx = "linear_onnx"
    case bilinearPillow = "bilinear_pillow"
    case bicubicPillow = "bicubic_pillow"
  }

  enum ShapeCalculationMode: String, CaseIterable, Sendable { case sizes, scales }

  /// Which point of the input a point of the output lies on.
  enum CoordinateTransformationMode: String, CaseIterable, Sendable {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case asymmetric
    case tfHalfPixelForNN = "tf_half_pixel_for_nn"
    case alignCorners = "align_corners"
  }

  enum NearestMode: String, CaseIterable, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil, simple
  }

  /// How the values are found, once the rank is known.
  struct Rules: Sendable {
    var mode: Mode
    var coordinateTransformationMode = CoordinateTransformationMode.halfPixel
    var nearestMode = NearestMode.roundPreferFloor
    var antialias = false
    /// The parameter *a* of cubic interpolation.
    var cubeCoefficient = -0.75
  }

  let shapeCalculationMode: ShapeCalculationMode
  /// Zeros added before and behind each axis; axes beyond the lists have none.
  let padsBegin: [Int]
  let padsEnd: [Int]
  private let stated: Rules
  /// Version 1: its axes, and whether corners are aligned.
  private let legacy: (axes: [Int], alignsCorners: Bool)?
  /// Where the sizes or scales stand among the operands, and where the axes.
  private let (targetIndex, axesIndex): (Int, Int)

  init(_ node: Node) throws {
    let attributes = node.attributes
    padsBegin = try attributes.ints("pads_begin", default: [])
    padsEnd = try attributes.ints("pads_end", default: [])
    guard (padsBegin + padsEnd).allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
      throw OVError(.invalidModel, "the pads are \(padsBegin) and \(padsEnd)", suggestion: "they must not be negative")
    }
    var rules = Rules(mode: try attributes.choice("mode"))
    rules.antialias = try attributes.bool("antialias", default: false)
    let version = node.version(among: [1, 4, 11])
    if version == 1 {
      legacy = (try attributes.ints("axes"), try attributes.bool("align_corners", default: true))
      shapeCalculationMode = .sizes
      rules.nearestMode = .simple
    } else {
      legacy = nil
      shapeCalculationMode = try attributes.choice("shape_calculation_mode")
      rules.coordinateTransformationMode = try attributes.choice("coordinate_transformation_mode", default: .halfPixel)
      rules.nearestMode = try attributes.choice("nearest_mode", default: .roundPreferFloor)
      rules.cubeCoefficient = try attributes.double("cube_coeff", default: -0.75)
    }
    let isPillow = rules.mode == .bilinearPillow || rules.mode == .bicubicPillow
    guard version == 11 || !isPillow else {
      throw OVError(.invalidModel, "mode is \(rules.mode.rawValue)", suggestion: "opset11 introduced it")
    }
    stated = rules
    (targetIndex, axesIndex) =
      switch version {
      case 4: (shapeCalculationMode == .sizes ? 1 : 2, 3)
      case 11: (1, 2)
      default: (1, .max)
      }
  }

  /// The rules for data of a rank. Version 1 leaves coordinates open; they are those with which OpenVINO runs it.
  func rules(rank: Int) -> Rules {
    guard let legacy else { return stated }
    var rules = stated
    if rules.mode == .linear, rank < 5 { rules.mode = .linearOnnx }
    let isLinear = rules.mode == .linear || rules.mode == .linearOnnx
    let isPlanar = rank == 4 && Set(legacy.axes) == [2, 3]
    let isPadded = (padsBegin + padsEnd).contains { $0 != 0 }
    rules.coordinateTransformationMode =
      legacy.alignsCorners ? .alignCorners : isLinear && !isPadded && !isPlanar ? .halfPixel : .asymmetric
    return rules
  }

  /// The data's extents after padding.
  func padded(_ dimensions: [Dimension]) throws -> [Dimension] {
    guard padsBegin.count <= dimensions.count || !padsBegin[dimensions.count...].contains(where: { $0 != 0 }),
      padsEnd.count <= dimensions.count || !padsEnd[dimensions.count...].contains(where: { $0 != 0 })
    else { throw invalid("the pads \(padsBegin) and \(padsEnd) have more elements than the data has axes") }
    return dimensions.enumerated().map { axis, dimension in
      dimension + Dimension((axis < padsBegin.count ? padsBegin[axis] : 0) + (axis < padsEnd.count ? padsEnd[axis] : 0))
    }
  }

  /// The resized axes; `nil` when they are not known yet.
  private func axes(_ operands: Operands, rank: Int) throws -> [Int]? {
    if let legacy { return try normalizedAxes(legacy.axes, rank: rank) }
    guard operands.has(axesIndex) else { return Array(0..<rank) }
    return try operands.ints(axesIndex).map { try normalizedAxes($0, rank: rank) }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(legacy != nil ? 2...2 : axesIndex...(axesIndex + 1))
    _ = try operands.extents(targetIndex, rank: 1, "the input of \(shapeCalculationMode.rawValue)")
    let type = operands.elementType(0)
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard let axes = try axes(operands, rank: dimensions.count) else {
      return [ValueType(type, .dynamic(rank: dimensions.count))]
    }
    if rules(rank: dimensions.count).mode == .bilinearPillow || rules(rank: dimensions.count).mode == .bicubicPillow,
      axes.count != 2
    {
      throw invalid("there are \(axes.count) axes", suggestion: "mode \(stated.mode.rawValue) takes height and width")
    }
    var result = try padded(dimensions)
    let targets = try targets(operands, axes.map { result[$0] })
    for (axis, target) in zip(axes, targets) { result[axis] = target }
    return [ValueType(type, PartialShape(result))]
  }

  /// The extents that axes of the given padded extents are resized to.
  private func targets(_ operands: Operands, _ extents: [Dimension]) throws -> [Dimension] {
    let unknown = [Dimension](repeating: .dynamic, count: extents.count)
    let targets: [Dimension]
    switch shapeCalculationMode {
    case .sizes:
      if let sizes = operands.ints(targetIndex), sizes.contains(where: { $0 < 0 }) { throw invalid("the sizes are \(sizes)") }
      targets = operands.dimensions(targetIndex) ?? unknown
    case .scales:
      guard let scales = operands.value(targetIndex)?.doubles() else { return unknown }
      guard scales.allSatisfy({ $0 > 0 && $0.isFinite }) else { throw invalid("the scales are \(scales)") }
      targets = zip(extents, scales).map { $0.scaled(by: Float($1)) }
    }
    guard targets.count >= extents.count else {
      throw invalid("there are \(targets.count) \(shapeCalculationMode.rawValue) for \(extents.count) axes")
    }
    return targets
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0].padded(begin: padsBegin, end: padsEnd)
    guard !data.shape.contains(0) || shape.contains(0) else { throw invalid("there is nothing to interpolate between") }
    return [try resampling(Operands(operands), from: data.shape, to: shape).apply(to: data, shape: shape)]
  }

  /// How data of shape `source` (padded) are resampled to `target`.
  ///
  /// - Precondition: the values of the other operands are known.
  func resampling(_ operands: Operands, from source: Shape, to target: Shape) throws -> Resampling {
    let axes = try axes(operands, rank: source.count)!
    let scales: [Float] =
      switch shapeCalculationMode {
      case .scales: operands.value(targetIndex)!.doubles().map { Float($0) }
      case .sizes: axes.map { Float(target[$0]) / Float(source[$0]) }
      }
    return Resampling(rules: rules(rank: source.count), axes: axes, scales: scales)
  }
}

extension Dimension {
  /// The extent that OpenVINO gives an axis of this extent resized by `scale`: rounded down, a little above the scale.
  fileprivate func scaled(by scale: Float) -> Dimension {
    if scale == 1 { return self }
    return map { Int(Int64(clamping: Double((Float($0) * (scale + 1e-6)).rounded(.down)))) }
  }
}

extension Tensor {
  /// The tensor with zeros before and behind each axis; axes beyond the lists have none.
  fileprivate func padded(begin: [Int], end: [Int]) -> Tensor {
    if !begin.contains(where: { $0 != 0 }), !end.contains(where: { $0 != 0 }) { return self }
    let first = shape.indices.map { $0 < begin.count ? begin[$0] : 0 }
    let target = shape.indices.map { first[$0] + shape[$0] + ($0 < end.count ? end[$0] : 0) }
    let strides = shape.rowMajorStrides
    var offsets: [Int] = []
    target.forEachIndex { index in
      var offset = 0
      for axis in index.indices {
        let position = index[axis] - first[axis]
        guard (0..<shape[axis]).contains(position) else {
          offset = -1
          break
        }
        offset += position * strides[axis]
      }
      offsets.append(offset)
    }
    return gathered(shape: target, offsets: offsets)
  }
}
