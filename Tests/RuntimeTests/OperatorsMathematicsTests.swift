import Testing

@testable import OVRuntime

@Suite struct OperatorsMathematicsTests {
  private func shapes(_ texts: [String]) -> [ValueType] { texts.map { ValueType(.f32, PartialShape(irText: $0)!) } }

  // MARK: Attributes and shapes

  @Test(
    arguments: [
      ("BatchNormInference", ["epsilon": "-1"]), ("GroupNormalization", ["num_groups": "0", "epsilon": "0"]),
      ("LRN", ["alpha": "1", "beta": "1", "bias": "1", "size": "0"]), ("NormalizeL2", ["eps": "0", "eps_mode": "min"]),
      ("MVN", ["eps_mode": "between"]), ("Einsum", ["equation": "ab->ac"]), ("Einsum", ["equation": "a1->a"]),
      ("Einsum", ["equation": "a->a->a"]), ("Einsum", ["equation": "......"]), ("Einsum", ["equation": "ab->aa"]),
      ("RandomUniform", ["output_type": "u8"]), ("RandomUniform", ["output_type": "f32", "alignment": "jax"]),
      ("Multinomial", ["convert_type": "f32"]), ("Eye", ["output_type": "string"]), ("ReduceSum", ["keep_dims": "maybe"]),
      ("Softmax", ["axis": "last"]), ("MatMul", ["transpose_a": "yes"]), ("Range", [:]),
    ] as [(String, Attributes)])
  func refusesAttributes(type: String, attributes: Attributes) {
    #expect(throws: OVError.self) { try OperatorCall(type, 16, attributes) }
  }

  @Test(
    arguments: [
      ("2,3", "3,4", "2,4"), ("3", "3,4", "4"), ("2,3", "3", "2"), ("3", "3", ""), ("5,1,2,3", "?,3,4", "5,?,2,4"), ("?,?", "3,4", "?,4"),
      ("...", "3,4", "..."), ("1..4,2,3", "3,4", "1..4,2,4"),
    ] as [(String, String, String)])
  func matrixProductShapes(a: String, b: String, expected: String) throws {
    #expect(try OperatorCall("MatMul", 1).infer(shapes([a, b]))[0].shape.irText == expected)
  }

  @Test(arguments: [("2,3", "4,3"), ("", "2"), ("2,2,3", "3,3,4"), ("3", "4,3")] as [(String, String)])
  func matrixProductRefuses(a: String, b: String) throws {
    #expect(throws: OVError.self) { try OperatorCall("MatMul", 1).infer(shapes([a, b])) }
  }

  @Test(
    arguments: [
      ("?,3,4", [1], "false", "?,4"), ("?,3,4", [-1, 0], "true", "1,3,1"), ("...", [0], "false", "..."), ("2,3", [], "false", "2,3"),
    ] as [(String, [Int], String, String)])
  func reductionShapes(data: String, axes: [Int], keepDims: String, expected: String) throws {
    let sum = try OperatorCall("ReduceSum", 1, ["keep_dims": keepDims])
    #expect(try sum.shape(data, axes) == expected)
    #expect(throws: OVError.self) { try sum.shape("2,3", [2]) }
    #expect(throws: OVError.self) { try sum.shape("2,3", [0, -2]) }
    let unknown = [ValueType(.f32, [2, 3, 4]), ValueType(.i64, PartialShape(irText: "2")!)]
    #expect(try sum.infer(unknown)[0].shape.rank == (keepDims == "true" ? 3 : 1))
  }

  @Test(
    arguments: [
      ("bij,bjk->bik", ["?,2,3", "5,3,4"], "5,2,4"), ("...ij,jk", ["7,6,2,3", "3,4"], "7,6,2,4"), ("ii->i", ["?,3"], "3"),
      ("ba", ["2,3"], "3,2"), ("i...,...i->...", ["3,2", "5,2,3"], "5,2"), ("ij->", ["?,?"], ""), ("a...->...a", ["..."], "..."),
    ] as [(String, [String], String)])
  func einsumShapes(equation: String, operands: [String], expected: String) throws {
    #expect(try OperatorCall("Einsum", 7, ["equation": equation]).infer(shapes(operands))[0].shape.irText == expected)
  }

  @Test func einsumRefuses() throws {
    #expect(throws: OVError.self) { try OperatorCall("Einsum", 7, ["equation": "ij,jk->ik"]).infer(shapes(["2,3", "4,5"])) }
    #expect(throws: OVError.self) { try OperatorCall("Einsum", 7, ["equation": "ij->i"]).infer(shapes(["2,3,4"])) }
    #expect(throws: OVError.self) { try OperatorCall("Einsum", 7, ["equation": "ij->i"]).infer(shapes(["2,3", "2,3"])) }
  }

  @Test(
    arguments: [
      ("BatchNormInference", ["epsilon": "0"], ["?,?,4", "3", "3", "3", "3"], "?,3,4"), ("MVN", [:], ["...", "2"], "..."),
      ("GroupNormalization", ["num_groups": "2", "epsilon": "0"], ["?,4,?", "4", "4"], "?,4,?"), ("Softmax", ["axis": "5"], ["..."], "..."),
      ("ScaledDotProductAttention", [:], ["2,1,?,8", "2,4,6,8", "2,4,6,5"], "2,4,?,5"),
      ("ScaledDotProductAttention", [:], ["...", "2,4,6,8", "2,4,6,5"], "..."),
    ] as [(String, Attributes, [String], String)])
  func infers(type: String, attributes: Attributes, operands: [String], expected: String) throws {
    #expect(try OperatorCall(type, 16, attributes).infer(shapes(operands))[0].shape.irText == expected)
  }

  @Test(
    arguments: [
      ("BatchNormInference", ["epsilon": "0"], ["2,3", "4", "4", "4", "4"]), ("Softmax", ["axis": "2"], ["2,3"]),
      ("GroupNormalization", ["num_groups": "3", "epsilon": "0"], ["2,4", "4", "4"]), ("Inverse", [:], ["2,3"]),
      ("GRN", ["bias": "1"], ["2"]),
      ("ScaledDotProductAttention", [:], ["2,3,8", "2,4,7", "2,4,7"]), ("ScaledDotProductAttention", [:], ["2,3,8", "2,4,8", "2,5,8"]),
      ("Multinomial", [:], ["2,3,4", "1"]), ("ReduceLogicalAnd", [:], ["2", "1"]),
    ] as [(String, Attributes, [String])])
  func refusesOperands(type: String, attributes: Attributes, operands: [String]) throws {
    let call = try OperatorCall(type, 16, attributes)
    #expect(throws: OVError.self) { try call.infer(shapes(operands)) }
  }

  // MARK: Values

  @Test func softmaxOfLargeNumbers() throws {
    let x = Tensor([Float(1000), 1000, -1000, 0, 0, 0], shape: [2, 3])
    let y = try OperatorCall("Softmax", 8, ["axis": "-1"])(x)[0].doubles()
    #expect(y[..<3] == [0.5, 0.5, 0] && (y[3...].reduce(0, +) - 1).magnitude < 1e-6)
    let logarithms = try OperatorCall("LogSoftmax", 5, ["axis": "0"])(x)[0].doubles()
    #expect(logarithms[0] == 0 && logarithms[3] == -1000)
  }

  @Test func productsTransposeAndWrap() throws {
    let a = Tensor.counting([2, 3])
    let plain = try OperatorCall("MatMul", 1, ["transpose_b": "true"])(a, a)[0]
    #expect(plain.array() == [Float(5), 14, 14, 50])
    #expect(try OperatorCall("MatMul", 1, ["transpose_a": "1"])(a, a)[0].array() == [Float(9), 12, 15, 12, 17, 22, 15, 22, 29])
    let big = Tensor([Int64.max, 2], shape: [2])
    #expect(try OperatorCall("MatMul", 1)(big, big)[0].array() == [Int64(5)])
    #expect(try OperatorCall("MatMul", 1)(Tensor.counting([2, 0]), .counting([0, 2]))[0].array() == [Float](repeating: 0, count: 4))
  }

  @Test func einsumAgreesWithMatrixProduct() throws {
    let (a, b) = (Tensor.counting([2, 3, 4]), Tensor.counting([2, 4, 5]))
    #expect(try OperatorCall("Einsum", 7, ["equation": "bij,bjk->bik"])(a, b)[0].floats == OperatorCall("MatMul", 1)(a, b)[0].floats)
    #expect(try OperatorCall("Einsum", 7, ["equation": "ii"])(.counting([3, 3]))[0].floats == [12])
    #expect(try OperatorCall("Einsum", 7, ["equation": "a...->..."])(.counting([2, 3]))[0].floats == [3, 5, 7])
    let (u, v) = (Tensor.counting([2]), Tensor.counting([3]))
    #expect(try OperatorCall("Einsum", 7, ["equation": "i,j,k->kji"])(u, v, u)[0].floats == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2])
  }

  @Test func reductionsOfNothing() throws {
    let empty = Tensor.counting([0, 2])
    for (type, opset, expected) in [
      ("ReduceSum", 1, 0), ("ReduceProd", 1, 1), ("ReduceMax", 1, -Float.infinity), ("ReduceMin", 1, .infinity), ("ReduceL2", 4, 0),
    ] {
      #expect(try OperatorCall(type, opset)(empty, .indices(0))[0].array() == [expected, expected])
    }
    let flags = Tensor(.boolean, shape: [2, 2], ints: [1, 0, 1, 1])
    #expect(try OperatorCall("ReduceLogicalAnd", 1)(flags, .indices(0))[0].ints() == [1, 0])
    #expect(try OperatorCall("ReduceMin", 1)(Tensor([UInt64.max, 3], shape: [2]), .indices(0))[0].array() == [UInt64(3)])
    #expect(try OperatorCall("ReduceMean", 1)(Tensor([Int32(-3), -4], shape: [2]), .indices(0))[0].array() == [Int32(-3)])
  }

  @Test(
    arguments: [
      (["exclusive": "true"], [Float(0), 0, 1, 0, 3, 7]), (["reverse": "true"], [3, 3, 2, 12, 9, 5]),
      (["exclusive": "1", "reverse": "1"], [3, 2, 0, 9, 5, 0]), ([:], [0, 1, 3, 3, 7, 12]),
    ] as [(Attributes, [Float])])
  func cumulativeSums(attributes: Attributes, expected: [Float]) throws {
    #expect(try OperatorCall("CumSum", 3, attributes)(.counting([2, 3]), .index(-1))[0].array() == expected)
  }

  @Test func normalisationsHaveMeanZeroAndVarianceOne() throws {
    let x = Tensor.counting([2, 4, 3])
    let ones = Tensor([Float](repeating: 1, count: 4), shape: [4])
    let zeros = Tensor([Float](repeating: 0, count: 4), shape: [4])
    let layered = try OperatorCall("MVN", 6, ["eps": "0"])(x, .indices(1, 2))[0].floats
    let grouped = try OperatorCall("GroupNormalization", 12, ["num_groups": "1", "epsilon": "0"])(x, ones, zeros)[0].floats
    #expect(layered == grouped)
    for values in [layered[..<12], layered[12...]] {
      #expect(values.reduce(0, +).magnitude < 1e-5)
      #expect((values.reduce(0) { $0 + $1 * $1 } / 12 - 1).magnitude < 1e-5)
    }
    #expect(try OperatorCall("MVN", 2, ["across_channels": "true", "eps": "0", "normalize_variance": "true"])(x)[0].floats == layered)
    #expect(try OperatorCall("MVN", 6, ["normalize_variance": "false"])(Tensor.counting([3]), .indices(0))[0].floats == [-1, 0, 1])
  }

  @Test func localResponse() throws {
    let lrn = try OperatorCall("LRN", 1, ["alpha": "3", "beta": "1", "bias": "1", "size": "3"])
    #expect(try lrn(.counting([1, 4]), .indices(1))[0].floats == [0, 1 / 6, 2 / 15, 3 / 14])
    #expect(try lrn(.counting([1, 4]), .indices())[0].floats == [0, 1 / 4, 2 / 13, 3 / 28])
  }

  @Test func inverseTimesMatrixIsUnity() throws {
    let m = Tensor([0.0, 2, 1, 1, 1, 0, 3, 0, 1], shape: [3, 3])
    let product = try OperatorCall("MatMul", 1)(m, OperatorCall("Inverse", 14)(m)[0])[0].doubles()
    let unity = try OperatorCall("Eye", 9, ["output_type": "f64"])(.index(3), .index(3), .index(0))[0].doubles()
    #expect(zip(product, unity).allSatisfy { ($0 - $1).magnitude < 1e-12 })
    let eye = try OperatorCall("Eye", 9, ["output_type": "i8"])
    #expect(try eye(.index(2), .index(3), .index(-1), .indices(2))[0].ints() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0])
    #expect(throws: OVError.self) { try eye(.index(-2), .index(3), .index(0)) }
  }

  @Test func causalAttentionIsAMask() throws {
    let (query, key, value) = (Tensor.counting([2, 3, 4]), Tensor.counting([2, 3, 4]), Tensor.counting([2, 3, 5]))
    let mask = Tensor(.boolean, shape: [3, 3], ints: [1, 0, 0, 1, 1, 0, 1, 1, 1])
    let causal = try OperatorCall("ScaledDotProductAttention", 13, ["causal": "true"])(query, key, value)[0].floats
    #expect(try OperatorCall("ScaledDotProductAttention", 13)(query, key, value, mask)[0].floats == causal)
    // The first query sees the first key alone.
    #expect(causal[..<5] == [0, 1, 2, 3, 4])
  }

  // MARK: Ranges

  @Test(
    arguments: [
      ([0.0, 5, 2], ElementType.i32, [0.0, 2, 4]), ([5, 0, -2], .f32, [5, 3, 1]), ([0, 5, -1], .i64, []),
      ([0.5, 2, 0.5], .f32, [0.5, 1, 1.5]), ([1.9, 4.9, 1.5], .i64, [1, 2, 3]),
    ] as [([Double], ElementType, [Double])])
  func ranges(bounds: [Double], type: ElementType, expected: [Double]) throws {
    let operands = bounds.map { Tensor([$0], shape: []) }
    let range = try OperatorCall("Range", 4, ["output_type": type.rawValue])
    #expect(try range(operands[0], operands[1], operands[2])[0].doubles() == expected)
    #expect(try range.infer(operands.map(\.type))[0].shape.irText == "?")
  }

  @Test(arguments: [[0.0, 1, 0], [0, 1e30, 1], [0, .nan, 1]])
  func rangesRefuse(bounds: [Double]) throws {
    let operands = bounds.map { Tensor([$0], shape: []) }
    #expect(throws: OVError.self) { try OperatorCall("Range", 4, ["output_type": "f64"])(operands[0], operands[1], operands[2]) }
  }

  // MARK: Random numbers

  @Test func philoxAnswersAsPublished() {
    // The known answers of the authors' Random123 library for philox4x32-10.
    var zeros = Philox(key: 0, counter: (0, 0))
    #expect(zeros.next() == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    var ones = Philox(key: .max, counter: (.max, .max))
    #expect(ones.next() == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(ones.counter == (0, 0))
  }

  @Test func mersenneTwisterAnswersAsPublished() {
    // The C++ standard states the 10000th number of the default seed.
    var twister = MersenneTwister(seed: 5489)
    for _ in 0..<9999 { _ = twister.next() }
    #expect(twister.next() == 4_123_659_995)
  }

  @Test func randomSequencesContinue() throws {
    let call = try OperatorCall(
      "RandomUniform", 8, ["output_type": "f32", "global_seed": "150", "op_seed": "10", "alignment": "tensorflow"])
    let bounds = [Tensor.indices(15), Tensor([Float(0)], shape: []), Tensor([Float(1)], shape: [])]
    let context = EvaluationContext(node: call.node)
    let first = try call.implementation.evaluated(bounds, context)[0].floats
    let second = try call.implementation.evaluated(bounds, context)[0].floats
    // Recorded from OpenVINO's CPU plugin.
    #expect(first[..<3] == [0.7011236, 0.30539632, 0.93931055])
    #expect(second[..<3] == [0.6534859, 0.5118724, 0.93369555])
    #expect(!call.implementation.isPure)
    #expect(throws: OVError.self) { try call(bounds[0], bounds[2], bounds[1]) }
    #expect(throws: OVError.self) { try call(.indices(-1), bounds[1], bounds[2]) }
  }

  @Test func drawsWithoutReplacementAreDistinct() throws {
    let call = try OperatorCall("Multinomial", 13, ["with_replacement": "false", "global_seed": "3"])
    let drawn = try call(Tensor([Float](repeating: 1, count: 20), shape: [2, 10]), .indices(10))[0].ints()
    #expect(Set(drawn[..<10]).count == 10 && Set(drawn[10...]).count == 10)
    #expect(throws: OVError.self) { try call(.counting([2, 10]), .indices(11)) }
  }
}

extension Tensor {
  /// The elements as floats.
  fileprivate var floats: [Float] { doubles().map { Float($0) } }
}
