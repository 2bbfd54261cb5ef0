/// Makes strings of UTF-8 bytes and the places where each begins and ends.
struct StringTensorPack: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try operands.requireInteger(0, "begins")
    try operands.requireInteger(1, "ends")
    guard operands.elementType(2) == .u8 || operands.elementType(2) == .dynamic else {
      throw invalid("symbols has the element type \(operands.elementType(2))", suggestion: "it must hold bytes, u8")
    }
    _ = try operands.extents(2, rank: 1, "symbols")
    guard let shape = operands.shape(0).merged(with: operands.shape(1)) else {
      throw invalid("begins and ends have the shapes \(operands.shape(0)) and \(operands.shape(1))")
    }
    return [ValueType(.string, shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let bytes = operands[2].array(of: UInt8.self)
    let strings = try zip(operands[0].ints(), operands[1].ints()).map { begin, end in
      guard begin >= 0, begin <= end, end <= bytes.count else {
        throw OVError(.invalidData, "a string from \(begin) to \(end) lies outside \(bytes.count) bytes")
      }
      return String(decoding: bytes[begin..<end], as: UTF8.self)
    }
    return [Tensor(strings: strings, shape: operands[0].shape)]
  }
}

/// Takes strings apart into the places where each begins and ends, and their UTF-8 bytes back to back.
struct StringTensorUnpack: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    guard operands.elementType(0) == .string || operands.elementType(0) == .dynamic else {
      throw invalid("the data has the element type \(operands.elementType(0))", suggestion: "it must hold strings")
    }
    let count = operands.value(0).map { Dimension($0.strings.reduce(0) { $0 + $1.utf8.count }) } ?? .dynamic
    let places = ValueType(.i32, operands.shape(0))
    return [places, places, ValueType(.u8, PartialShape([count]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    var begins: [Int] = []
    var ends: [Int] = []
    var bytes: [UInt8] = []
    for string in operands[0].strings {
      begins.append(bytes.count)
      bytes += string.utf8
      ends.append(bytes.count)
    }
    guard bytes.count <= Int32.max else { throw OVError(.invalidData, "the strings have more bytes than 32-bit places can tell") }
    return [Tensor(.i32, shape: shape, ints: begins), Tensor(.i32, shape: shape, ints: ends), Tensor(bytes, shape: [bytes.count])]
  }
}
