/// The real numbers that quantised ones stand for: (q − zero point) · scale.
///
/// Operands: q of an integer type of up to 8 bits (or `nf4`), scale `f32` and zero point `f32`, which broadcast to q. The
/// attribute `shape`, when there is one, is the result's shape: scales of groups are given for a q with an axis of groups.
struct Dequantize: Operator {
  let shape: Shape?

  static let elementTypes: Set<ElementType> = [.u8, .i8, .u4, .i4, .nf4]

  init(_ node: Node) throws {
    shape = node.attributes["shape"] == nil ? nil : try node.attributes.ints("shape")
    guard shape == nil || shape!.checkedElementCount != nil else { throw OVError(.invalidModel, "shape is \(shape!)") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try operands.requireQuantized(0, Dequantize.elementTypes)
    try operands.requireFloats(1, 2)
    for index in 1...2 { try operands.requireBroadcast(index, to: operands.shape(0)) }
    guard let shape else { return [ValueType(.f32, operands.shape(0))] }
    if let own = operands.shape(0).shape, own.checkedElementCount != shape.checkedElementCount {
      throw invalid("the quantised numbers have the shape \(operands.shape(0)), which is not that of \(PartialShape(shape))")
    }
    return [ValueType(.f32, shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let own = operands[0].shape
    let shape = shape ?? own
    let (q, scale, zeroPoint) = (operands[0].doubles(), operands[1].doubles(), operands[2].doubles())
    let scaleRuns = own.runs(broadcasting: operands[1].shape)
    let zeroRuns = own.runs(broadcasting: operands[2].shape)
    let result = TensorStorage(byteCount: 4 * q.count)
    let target = result.base.bindMemory(to: Float.self, capacity: q.count)
    for i in 0..<q.count { target[i] = Float((q[i] - zeroPoint[zeroRuns.offset(i)]) * scale[scaleRuns.offset(i)]) }
    return [Tensor(.f32, shape: shape, storage: result)]
  }
}

/// Where the element that broadcasts to each element of a shape lies, when it is the same for runs of neighbours.
struct BroadcastRuns {
  private let offsets: [Int]
  private let run: Int

  fileprivate init(offsets: [Int], run: Int) {
    self.offsets = offsets
    self.run = run
  }

  /// The offset of the element for element `index` of the shape.
  @inline(__always) func offset(_ index: Int) -> Int { offsets.count == 1 ? offsets[0] : offsets[index / run] }
}

extension Array where Element == Int {
  /// The runs of this shape over which `small`, which broadcasts to it, has one element.
  func runs(broadcasting small: Shape) -> BroadcastRuns {
    let strides = small.broadcastStrides(to: self)
    let inner = indices.reversed().prefix { strides[$0] == 0 }.count
    let outer = dropLast(inner)
    return BroadcastRuns(
      offsets: Array(outer).offsets(strides: Array(strides.dropLast(inner))), run: suffix(inner).reduce(1, *))
  }
}

/// Adds to real numbers what quantised ones stand for: x + (q − zero point) · scale. A post-operation: the residual of a
/// convolution, read as it lies in memory.
struct AddDequantized: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    try operands.requireFloats(0, 2, 3)
    try operands.requireQuantized(1, [.u8, .i8])
    for index in 1...3 { try operands.requireBroadcast(index, to: operands.shape(0)) }
    return [ValueType(.f32, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let addend = try Dequantize(context.node).evaluate(Array(operands[1...]), context)[0]
    let shape = operands[0].shape
    let offsets = shape.offsets(strides: addend.shape.broadcastStrides(to: shape))
    let (x, y) = (operands[0].doubles(), addend.doubles())
    return [Tensor(.f32, shape: shape, doubles: x.indices.map { x[$0] + y[offsets[$0]] })]
  }
}
