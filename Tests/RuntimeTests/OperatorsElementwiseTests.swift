import OVRuntime
import Testing

@Suite struct OperatorsElementwiseTests {
  // MARK: Attributes and types

  @Test(
    arguments: [
      ("Clamp", ["min": "2", "max": "1"]), ("Clamp", ["min": "0"]), ("Elu", [:]), ("Elu", ["alpha": "steep"]),
      ("Round", ["mode": "up"]), ("Gelu", ["approximation_mode": "sigmoid"]), ("FakeQuantize", ["levels": "1"]), ("FakeQuantize", [:]),
      ("Add", ["auto_broadcast": "both"]), ("Convert", [:]), ("FakeConvert", ["destination_type": "f32"]),
      ("IsInf", ["detect_positive": "perhaps"]), ("ConvertPromoteTypes", ["promote_unsafe": "2"]),
    ] as [(String, Attributes)])
  func refusesAttributes(type: String, attributes: Attributes) {
    #expect(throws: OVError.self) { try OperatorCall(type, 16, attributes) }
  }

  @Test(
    arguments: [
      ("Add", [ElementType.f32, .i32]), ("Add", [.boolean, .boolean]), ("LogicalAnd", [.i32, .i32]), ("LogicalNot", [.u8]),
      ("BitwiseOr", [.f32, .f32]), ("Mish", [.i32]), ("IsNaN", [.i64]), ("Select", [.i32, .f32, .f32]), ("Select", [.boolean, .f32, .f16]),
      ("Less", [.f16, .f32]), ("Add", [.f32]), ("Abs", [.f32, .f32]), ("HardSigmoid", [.f32]), ("PRelu", [.f32, .f16]),
    ] as [(String, [ElementType])])
  func refusesOperands(type: String, elements: [ElementType]) throws {
    let call = try OperatorCall(type, 16)
    #expect(throws: OVError.self) { try call.infer(elements.map { ValueType($0, [2]) }) }
  }

  @Test(
    arguments: [
      ("numpy", "?,1,3", "4,1", "?,4,3"), ("numpy", "...", "4,1", "..."), ("numpy", "2..5,3", "1,1", "2..5,3"),
      ("none", "?,3", "2,?", "2,3"),
      ("pdpd", "2,3,4", "2,3", "2,3,4"), ("pdpd", "2,?,4", "2,3,1", "2,?,4"), ("numpy", "?,3", "1..4,3", "?,3"),
    ] as [(String, String, String, String)])
  func broadcasts(mode: String, a: String, b: String, expected: String) throws {
    let call = try OperatorCall("Add", 1, ["auto_broadcast": mode])
    let types = [a, b].map { ValueType(.f32, PartialShape(irText: $0)!) }
    #expect(try call.infer(types)[0].shape.irText == expected)
    #expect(try OperatorCall("Less", 1, ["auto_broadcast": mode]).infer(types)[0].description.hasPrefix("boolean"))
  }

  @Test(arguments: [("numpy", [2, 3], [2]), ("none", [2, 3], [1, 3]), ("pdpd", [2, 3, 4], [3, 4])] as [(String, [Int], [Int])])
  func refusesShapes(mode: String, a: [Int], b: [Int]) throws {
    let call = try OperatorCall("Multiply", 1, ["auto_broadcast": mode])
    #expect(throws: OVError.self) { try call.infer([ValueType(.f32, a), ValueType(.f32, b)]) }
  }

  @Test func paddleBroadcastAlignsAtItsAxis() throws {
    let call = try OperatorCall("Add", 1, ["auto_broadcast": "pdpd", "auto_broadcast.auto_broadcast_axis": "1"])
    let sum = try call(Tensor([Float](repeating: 0, count: 12), shape: [2, 3, 2]), Tensor([Float(1), 2, 3], shape: [3]))[0]
    #expect(sum.array() == [Float(1), 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3])
  }

  // MARK: Integers

  @Test(
    arguments: [
      ("Divide", [:], [-1, 1, -1, .min]), ("Divide", ["m_pythondiv": "false"], [-1, 1, -1, .min]), ("Mod", [:], [-1, -1, 1, 0]),
      ("FloorMod", [:], [1, -1, -1, 0]), ("Subtract", [:], [-5, -1, 5, .min + 1]), ("SquaredDifference", [:], [25, 1, 25, 1]),
    ] as [(String, Attributes, [Int64])])
  func integersDivide(type: String, attributes: Attributes, expected: [Int64]) throws {
    let (a, b) = (Tensor([Int64(-3), -3, 3, .min], shape: [4]), Tensor([Int64(2), -2, -2, -1], shape: [4]))
    #expect(try OperatorCall(type, 1, attributes)(a, b)[0].array() == expected)
  }

  @Test func integersHavePowers() throws {
    let (a, b) = (Tensor([Int64(-3), -3, 3, -1], shape: [4]), Tensor([Int64(2), 3, -2, -3], shape: [4]))
    #expect(try OperatorCall("Power", 1)(a, b)[0].array() == [Int64(9), -27, 0, -1])
  }

  @Test(arguments: ["Divide", "Mod", "FloorMod"])
  func integersAreNotDividedByZero(type: String) throws {
    let call = try OperatorCall(type, 1)
    for zero in [Tensor([Int32(0)], shape: [1]), Tensor([UInt64(0)], shape: [1])] {
      #expect(throws: OVError.self) { try call(zero, zero) }
    }
  }

  @Test func upperHalfOfUnsignedIntegers() throws {
    let (big, small) = (Tensor([UInt64.max], shape: [1]), Tensor([UInt64(2)], shape: [1]))
    #expect(try OperatorCall("Greater", 1)(big, small)[0].int64s() == [1])
    #expect(try OperatorCall("Maximum", 1)(big, small)[0].array() == [UInt64.max])
    #expect(try OperatorCall("Divide", 1)(big, small)[0].array() == [UInt64.max / 2])
    #expect(try OperatorCall("BitwiseRightShift", 15)(big, small)[0].array() == [UInt64.max >> 2])
    #expect(try OperatorCall("Sign", 1)(big)[0].array() == [UInt64(1)])
    #expect(try OperatorCall("Clamp", 1, ["min": "0", "max": "1e19"])(big)[0].array() == [UInt64(10_000_000_000_000_000_000)])
  }

  @Test func bits() throws {
    let (a, b) = (Tensor([Int8(-7), 100], shape: [2]), Tensor([Int8(1), 9], shape: [2]))
    #expect(try OperatorCall("BitwiseRightShift", 15)(a, b)[0].array() == [Int8(-4), 0])
    #expect(try OperatorCall("BitwiseLeftShift", 15)(a, b)[0].array() == [Int8(-14), 0])
    #expect(try OperatorCall("BitwiseNot", 13)(a)[0].array() == [Int8(6), -101])
    let flags = Tensor(.boolean, shape: [2], ints: [1, 0])
    #expect(try OperatorCall("BitwiseNot", 13)(flags)[0].ints() == [0, 1])
    #expect(try OperatorCall("LogicalXor", 2)(flags, Tensor(.boolean, shape: [], ints: [1]))[0].ints() == [0, 1])
  }

  @Test func unaryFunctionsOfIntegersRound() throws {
    let x = Tensor([Int32(7), 2, 0], shape: [3])
    #expect(try OperatorCall("Sqrt", 1)(x)[0].array() == [Int32(3), 1, 0])
    #expect(try OperatorCall("Clamp", 1, ["min": "0.5", "max": "4.5"])(x)[0].array() == [Int32(4), 2, 1])
  }

  // MARK: Real numbers

  @Test(
    arguments: [("Sigmoid", 0.0...1), ("Tanh", -1...1), ("HSigmoid", 0...1), ("SoftSign", -1...1), ("Erf", -1...1), ("Sign", -1...1)]
      as [(String, ClosedRange<Double>)])
  func staysInRange(type: String, range: ClosedRange<Double>) throws {
    let x = Tensor((-400...400).map { Float($0) * 0.5 }, shape: [801])
    let y = try OperatorCall(type, 16)(x)[0].doubles()
    #expect(y.allSatisfy(range.contains))
    #expect(zip(y, y.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func stableFarFromZero() throws {
    let x = Tensor([-1000.0, 1000], shape: [2])
    #expect(try OperatorCall("SoftPlus", 4)(x)[0].array() == [0.0, 1000])
    #expect(try OperatorCall("Mish", 4)(x)[0].doubles()[1] == 1000)
    #expect(try OperatorCall("Elu", 1, ["alpha": "2"])(x)[0].array() == [-2.0, 1000])
    #expect(try OperatorCall("Gelu", 7, ["approximation_mode": "tanh"])(x)[0].doubles() == [0, 1000])
  }

  @Test func inverseErrorFunctionUndoesErrorFunction() throws {
    let y = (-999...999).map { Double($0) / 1000 } + [1 - 1e-7]
    let x = try OperatorCall("ErfInv", 17)(Tensor(y, shape: [y.count]))[0]
    let back = try OperatorCall("Erf", 1)(x)[0].doubles()
    #expect(zip(y, back).allSatisfy { ($0 - $1).magnitude <= 1e-14 })
    #expect(try OperatorCall("ErfInv", 17)(Tensor([-1.0, 1], shape: [2]))[0].array() == [-Double.infinity, .infinity])
  }

  @Test func roundModes() throws {
    let x = Tensor([Float(-2.5), -0.5, 0.5, 1.5], shape: [4])
    #expect(try OperatorCall("Round", 5)(x)[0].array() == [Float(-2), 0, 0, 2])
    #expect(try OperatorCall("Round", 5, ["mode": "half_away_from_zero"])(x)[0].array() == [Float(-3), -1, 1, 2])
  }

  @Test func infinitiesAreTold() throws {
    let x = Tensor([Float.infinity, -.infinity, .nan, 1], shape: [4])
    #expect(try OperatorCall("IsInf", 10, ["detect_negative": "false"])(x)[0].ints() == [1, 0, 0, 0])
    #expect(try OperatorCall("IsNaN", 10)(x)[0].ints() == [0, 0, 1, 0])
    #expect(try OperatorCall("IsFinite", 10)(x)[0].ints() == [0, 0, 0, 1])
  }

  @Test func preluSlopesBelongToChannels() throws {
    let x = Tensor([Float](repeating: -1, count: 8), shape: [2, 2, 2])
    let prelu = try OperatorCall("PRelu", 1)
    #expect(try prelu(x, Tensor([Float(1), 2], shape: [2]))[0].array() == [Float(-1), -1, -2, -2, -1, -1, -2, -2])
    #expect(try prelu(x, Tensor([Float(1), 2], shape: [1, 1, 2]))[0].array() == [Float(-1), -2, -1, -2, -1, -2, -1, -2])
    #expect(throws: OVError.self) { try prelu(x, Tensor([Float(1), 2, 3], shape: [3])) }
  }

  @Test func selectBroadcastsAllThree() throws {
    let condition = Tensor(.boolean, shape: [2, 1], ints: [1, 0])
    let result = try OperatorCall("Select", 1)(condition, Tensor([Float(5)], shape: []), .counting([3]))[0]
    #expect(result.shape == [2, 3] && result.array() == [Float(5), 5, 5, 0, 1, 2])
  }

  // MARK: Conversion

  @Test func everyHalfConverts() throws {
    let bits = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let floats = Tensor(bits, shape: [bits.count]).converted(to: .f32)
    #expect(zip(floats.array(of: Float.self), bits).allSatisfy { $0 == Float($1) || ($0.isNaN && $1.isNaN) })
    let back = floats.converted(to: .f16).array(of: Float16.self)
    #expect(zip(back, bits).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
  }

  @Test(
    arguments: [
      (ElementType.u8, [44, 251, 0, 1]), (.i8, [44, -5, 0, 1]), (.boolean, [1, 1, 1, 1]), (.i32, [300, -5, 0, 1]), (.u4, [12, 11, 0, 1]),
      (.u64, [300, -5, 0, 1]),
    ] as [(ElementType, [Int])])
  func realsTruncateAndWrap(type: ElementType, expected: [Int]) throws {
    let x = Tensor([Float(300.7), -5.9, -0.5, 1], shape: [4])
    let convert = try OperatorCall("Convert", 1, ["destination_type": type.rawValue])
    #expect(try convert(x)[0].ints() == expected)
  }

  @Test(
    arguments: [
      (ElementType.u8, ElementType.i8, true, ElementType.i16), (.u8, .i16, false, .i16), (.u64, .i8, true, .f32), (.f16, .bf16, true, .f32),
      (.f16, .i64, true, .f16), (.f32, .i16, false, .f32), (.boolean, .u1, false, .u1), (.i8, .i32, false, .i32),
      (.f8e4m3, .f8e5m2, true, .f16),
    ] as [(ElementType, ElementType, Bool, ElementType)])
  func promotes(a: ElementType, b: ElementType, isUnsafe: Bool, expected: ElementType) throws {
    let call = try OperatorCall("ConvertPromoteTypes", 14, ["promote_unsafe": "\(isUnsafe)"])
    let shapes = [PartialShape(irText: "?,2")!, .dynamic]
    for (x, y) in [(a, b), (b, a)] {
      let types = try call.infer([ValueType(x, shapes[0]), ValueType(y, shapes[1])])
      #expect(types == [ValueType(expected, shapes[0]), ValueType(expected, shapes[1])])
    }
  }

  @Test(
    arguments: [(ElementType.u8, ElementType.i8), (.f32, .i32), (.u64, .i64), (.f16, .bf16), (.string, .f32)]
      as [(ElementType, ElementType)])
  func promotesOnlySafely(a: ElementType, b: ElementType) throws {
    let call = try OperatorCall("ConvertPromoteTypes", 14)
    #expect(throws: OVError.self) { try call.infer([ValueType(a, [2]), ValueType(b, [2])]) }
  }

  @Test func fakeQuantizeTakesLevelsBetweenItsBounds() throws {
    func scalar(_ value: Float) -> Tensor { Tensor([value], shape: []) }
    let quantize = try OperatorCall("FakeQuantize", 1, ["levels": "5"])
    let x = Tensor([Float(-9), 0, 0.49, 0.51, 3.9, 9], shape: [6])
    let y = try quantize(x, scalar(0), scalar(4), scalar(-2), scalar(2))[0]
    #expect(y.array() == [Float(-2), -2, -2, -1, 2, 2])
    let bounds = [ValueType](repeating: ValueType(.f32, [1, 3, 1]), count: 4)
    #expect(try quantize.infer([ValueType(.f32, PartialShape(irText: "?,3,?")!)] + bounds)[0].shape.irText == "?,3,?")
  }

  @Test func fakeConvertHoldsTheLargestNumber() throws {
    let convert = try OperatorCall("FakeConvert", 13, ["destination_type": "f8e5m2"])
    let y = try convert(Tensor([Float(1e6), 0.3, -1e6], shape: [3]), Tensor([Float(2)], shape: [1]))[0]
    #expect(y.array() == [Float(28672), 0.3125, -28672])
  }
}
