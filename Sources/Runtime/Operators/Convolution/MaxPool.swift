/// The greatest element of each window, from version 8 on with its index.
struct MaxPool: Operator {
  let pooling: Pooling
  /// Whether there is a second output with indices.
  let hasIndices: Bool
  let indexElementType: ElementType
  /// The first axis of those that indices count over.
  let axis: Int

  init(_ node: Node) throws {
    pooling = try Pooling(node)
    hasIndices = node.version(among: [1, 8, 14]) >= 8
    indexElementType = try node.attributes.elementType("index_element_type", default: .i64)
    axis = try node.attributes.int("axis", default: 0)
    guard indexElementType == .i32 || indexElementType == .i64 else {
      throw OVError(.invalidModel, "index_element_type is \(indexElementType)", suggestion: "it can be i32 or i64")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.numeric.check(operands, 0)
    let shape = try pooling.shape(operands.shape(0))
    if hasIndices { _ = try normalizedAxis(axis, rank: pooling.kernel.count + 2) }
    return [ValueType(operands.elementType(0), shape)] + (hasIndices ? [ValueType(indexElementType, shape)] : [])
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0]
    let geometry = pooling.geometry(data.shape, result: shape)
    let type = data.elementType
    let values: Tensor
    let offsets: [Int]
    if type.isFloatingPoint {
      let greatest = geometry.greatest(of: data.doubles(), lowest: type.lowestReal)
      (values, offsets) = (Tensor(type, shape: shape, doubles: greatest.values), greatest.offsets)
    } else {
      let flip: Int64 = type == .u64 ? .min : 0
      let greatest = geometry.greatest(of: data.int64s().map { $0 ^ flip }, lowest: type == .u64 ? .min : type.lowestInteger)
      (values, offsets) = (Tensor(type, shape: shape, int64s: greatest.values.map { $0 ^ flip }), greatest.offsets)
    }
    guard hasIndices else { return [values] }
    let period = data.shape[try normalizedAxis(axis, rank: shape.count)...].reduce(1, *)
    return [values, Tensor(indexElementType, shape: shape, ints: offsets.map { $0 % period })]
  }
}

extension WindowGeometry {
  /// The greatest element of each window over every plane of `data`, the first among equals, and its offset in `data`; a window
  /// in the padding has `lowest`.
  fileprivate func greatest<Element: Comparable>(of data: [Element], lowest: Element) -> (values: [Element], offsets: [Int]) {
    let (inputSize, outputSize) = (input.elementCount, output.elementCount)
    let planes = inputSize == 0 ? 0 : data.count / inputSize
    var values = [Element](repeating: lowest, count: planes * outputSize)
    var offsets = [Int](repeating: 0, count: planes * outputSize)
    let taps = taps()
    for plane in 0..<planes {
      for tap in taps {
        for run in tap.runs {
          let (source, target) = (plane * inputSize + run.input, plane * outputSize + run.output)
          for i in 0..<run.count where data[source + i * step] > values[target + i] {
            values[target + i] = data[source + i * step]
            offsets[target + i] = source + i * step
          }
        }
      }
    }
    return (values, offsets)
  }
}

extension ElementType {
  /// The least finite number of a real type.
  var lowestReal: Double { -greatestReal }

  /// The greatest finite number of a real type.
  var greatestReal: Double {
    switch self {
    case .f64: Double.greatestFiniteMagnitude
    case .f16: Double(Float16.greatestFiniteMagnitude)
    case .bf16: 0x1.fep127
    default: Double(Float.greatestFiniteMagnitude)
    }
  }

  /// The least number of an integer type.
  var lowestInteger: Int64 { isSignedInteger ? -1 << Int64(bitWidth - 1) : 0 }

  /// The greatest number of an integer type, of `u64` as its bit pattern.
  var greatestInteger: Int64 { isSignedInteger ? ~lowestInteger : bitWidth == 64 ? -1 : 1 << Int64(bitWidth) - 1 }
}
