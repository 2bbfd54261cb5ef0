/// Random numbers from a half-open range, the same sequence for the same seeds.
///
/// The sequences are those of OpenVINO's CPU plugin: real types but `f64` are drawn as `f32` and rounded, `i64` ranges within
/// `i32` are drawn as `i32`. Each inference continues where the last one ended when aligned to TensorFlow, and starts anew
/// when aligned to PyTorch.
struct RandomUniform: Operator {
  /// Whose numbers they are for the same seeds.
  enum Alignment: String, CaseIterable, Sendable { case tensorflow, pytorch }

  let outputType: ElementType
  let globalSeed: UInt64
  let operatorSeed: UInt64
  let alignment: Alignment

  init(_ node: Node) throws {
    outputType = try node.attributes.elementType("output_type")
    guard [.f16, .bf16, .f32, .f64, .i32, .i64].contains(outputType) else {
      throw OVError(.invalidModel, "output_type is \(outputType)", suggestion: "it can be f16, bf16, f32, f64, i32 or i64")
    }
    globalSeed = UInt64(bitPattern: Int64(try node.attributes.int("global_seed", default: 0)))
    operatorSeed = UInt64(bitPattern: Int64(try node.attributes.int("op_seed", default: 0)))
    alignment = try node.attributes.choice("alignment", default: .tensorflow)
  }

  var isPure: Bool { false }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    for index in 1..<3 {
      guard operands.elementType(index) == outputType || operands.elementType(index) == .dynamic else {
        throw invalid("input \(index), a bound, is \(operands.elementType(index)), the output \(outputType)")
      }
      guard (operands.shape(index).shape?.checkedElementCount ?? 1) == 1 else {
        throw invalid("input \(index) has the shape \(operands.shape(index)), not one number")
      }
    }
    if let low = operands.value(1)?.doubles()[0], let high = operands.value(2)?.doubles()[0], !(low < high) {
      throw invalid("there is no number from \(low) to below \(high)")
    }
    if let extents = operands.ints(0), extents.contains(where: { $0 < 0 }) { throw invalid("the output's shape is \(extents)") }
    return [ValueType(outputType, operands.dimensions(0).map { PartialShape($0) } ?? .dynamic)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    // Refuses what memory cannot hold before it is drawn.
    _ = try Tensor(outputType, shape: shape)
    let count = shape.elementCount
    if outputType.isFloatingPoint {
      let (low, high) = (operands[1].doubles()[0], operands[2].doubles()[0])
      return [Tensor(outputType, shape: shape, doubles: reals(count, context).map { real($0, low, high) })]
    }
    let (low, high) = (operands[1].int64s()[0], operands[2].int64s()[0])
    let range = UInt64(bitPattern: high &- low)
    let isNarrow = Int32(exactly: low) != nil && Int32(exactly: high) != nil
    var words = words(isNarrow ? count : 2 * count, elements: count, context).makeIterator()
    let values = (0..<count).map { _ -> Int64 in
      let low32 = UInt64(words.next()!)
      let draw = isNarrow ? low32 : low32 | UInt64(words.next()!) << 32
      return low &+ Int64(bitPattern: draw % range)
    }
    return [Tensor(outputType, shape: shape, int64s: values)]
  }

  /// Numbers in 0..<1.
  private func reals(_ count: Int, _ context: EvaluationContext) -> [Double] {
    let isDouble = outputType == .f64
    var words = words(isDouble ? 2 * count : count, elements: count, context).makeIterator()
    return (0..<count).map { _ in
      let word = words.next()!
      // The bits that become the fraction differ between the frameworks.
      switch (alignment, isDouble) {
      case (.tensorflow, false): return Double(word & 0x7f_ffff) * 0x1p-23
      case (.pytorch, false): return Double(word & 0xff_ffff) * 0x1p-24
      case (.tensorflow, true): return Double(UInt64(word & 0xf_ffff) << 32 | UInt64(words.next()!)) * 0x1p-52
      case (.pytorch, true): return Double((UInt64(word) << 32 | UInt64(words.next()!)) & 0x1f_ffff_ffff_ffff) * 0x1p-53
      }
    }
  }

  /// A number in 0..<1 moved to the range, in the arithmetic it was drawn in.
  private func real(_ x: Double, _ low: Double, _ high: Double) -> Double {
    outputType == .f64 ? x * (high - low) + low : Double(Float(x) * (Float(high) - Float(low)) + Float(low))
  }

  private func words(_ count: Int, elements: Int, _ context: EvaluationContext) -> [UInt32] {
    // Seeds of 0 ask for a sequence that nobody can foresee.
    let isSeeded = globalSeed != 0 || operatorSeed != 0
    let key = isSeeded ? globalSeed : UInt64.random(in: .min ... .max)
    if alignment == .pytorch {
      var twister = MersenneTwister(seed: UInt32(truncatingIfNeeded: key))
      return (0..<count).map { _ in twister.next() }
    }
    var generator = Philox(key: key, counter: context.variables.randomStates[context.node.name] ?? (0, operatorSeed))
    var following = generator
    // TensorFlow reserves 256 draws for each element.
    following.advance(by: UInt64(elements) &* 256)
    context.variables.randomStates[context.node.name] = following.counter
    var words: [UInt32] = []
    words.reserveCapacity(count + 3)
    while words.count < count { words += generator.next() }
    return Array(words.prefix(count))
  }
}
