import OVRuntime
import Testing

@Suite struct OperatorsImageTests {
  private static func interpolate(_ version: Int, _ attributes: Attributes) throws -> OperatorCall {
    var all = attributes
    if version > 1 && all["shape_calculation_mode"] == nil { all["shape_calculation_mode"] = "sizes" }
    if all["mode"] == nil { all["mode"] = "nearest" }
    return try OperatorCall("Interpolate", version, all)
  }

  @Test func sizesReplaceAxes() throws {
    let call = try Self.interpolate(11, ["pads_begin": "0,1"])
    #expect(try call.shape("?,3,8,8", [4, 5], [2, 3]) == "?,4,4,5")
    #expect(try call.shape("...", [4, 5], [2, 3]) == "...")
    #expect(try call.shape("1,2", [4, 5]) == "4,5")
    #expect(try call.infer([ValueType(.f32, [1, 2, 3]), ValueType(.i64, [1]), ValueType(.i64, [1])])[0].shape == .dynamic(rank: 3))
    #expect(throws: OVError.self) { try call.shape("1,3,8,8", [4], [2, 3]) }
    #expect(throws: OVError.self) { try call.shape("1,3,8,8", [4, -5], [2, 3]) }
    #expect(throws: OVError.self) { try call.shape("1,3,8,8", [4, 5], [2, 4]) }
    #expect(throws: OVError.self) { try Self.interpolate(11, ["pads_begin": "0,0,1"]).shape("1,3", [4, 5]) }
  }

  /// 0.6 in single precision times 5 lies below 3: OpenVINO rounds a little above the scale.
  @Test(arguments: [(5, Float(0.6), "3"), (5, 2, "10"), (7, 0.5, "3"), (3, 1, "3")])
  func scalesRoundDown(extent: Int, scale: Float, expected: String) throws {
    let call = try Self.interpolate(11, ["shape_calculation_mode": "scales"])
    let scales = Tensor([scale], shape: [1])
    let type = try call.infer([ValueType(.f32, [extent]), scales.type], values: [1: scales])[0]
    #expect(type.shape.irText == expected)
  }

  @Test(arguments: [
    ["mode": "area"], ["shape_calculation_mode": "ratio"], ["coordinate_transformation_mode": "corners"], ["nearest_mode": "up"],
    ["pads_begin": "-1"], ["mode": "bicubic"],
  ])
  func interpolateAttributesAreChecked(attributes: [String: String]) throws {
    var list = Attributes()
    for (name, value) in attributes { list[name] = value }
    #expect(throws: OVError.self) { try Self.interpolate(4, list) }
    #expect(throws: OVError.self) { try Self.interpolate(4, ["mode": "bilinear_pillow"]) }
  }

  @Test func pillowTakesTwoAxes() throws {
    let call = try Self.interpolate(11, ["mode": "bilinear_pillow"])
    #expect(throws: OVError.self) { try call.shape("1,3,8", [4, 4, 4]) }
    // Halving averages all pixels under a triangle twice as wide, and rounds between height and width.
    let image = Tensor([0, 10, 20, 255] as [UInt8], shape: [1, 4])
    #expect(try call(image, .indices(1, 2))[0].array(of: UInt8.self) == [7, 119])
  }

  /// Antialiasing widens the filter to the pixels that an element stands for.
  @Test func linearAntialiasing() throws {
    let image = Tensor([8, 0, 0, 0, 0, 0, 0, 8] as [Float], shape: [8])
    let plain = try Self.interpolate(11, ["mode": "linear"])(image, .indices(2))[0].array(of: Float.self)
    let smooth = try Self.interpolate(11, ["mode": "linear", "antialias": "true"])(image, .indices(2))[0].array(of: Float.self)
    #expect(plain == [0, 0])
    #expect(smooth[0] == smooth[1] && abs(smooth[0] - 1.428_571) < 1e-5)
  }

  @Test func everyTypeIsResizedByNearest() throws {
    let call = try Self.interpolate(4, ["coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"])
    for type in [ElementType.i4, .bf16, .i64, .boolean] {
      let image = Tensor(type, shape: [2], ints: [1, 0])
      #expect(try call(image, .indices(4), Tensor([2] as [Float], shape: [1]))[0].ints() == [1, 1, 0, 0])
    }
  }

  @Test func gridSampleReflects() throws {
    let data = Tensor([1, 2, 3] as [Float], shape: [1, 1, 1, 3])
    let grid = Tensor([-2, 0, -1, 0, 1, 0, 3, 0] as [Float], shape: [1, 1, 4, 2])
    let call = try OperatorCall("GridSample", 9, ["mode": "nearest", "padding_mode": "reflection"])
    #expect(try call(data, grid)[0].array(of: Float.self) == [2, 1, 3, 1])
    #expect(
      try call.infer([ValueType(.i32, .dynamic), ValueType(.f32, .dynamic)])[0] == ValueType(.i32, .dynamic(rank: 4)))
    #expect(throws: OVError.self) { try call.infer([ValueType(.f32, [1, 1, 2, 2]), ValueType(.f32, [1, 2, 2, 3])]) }
  }

  @Test func samplesFarAwayAreZero() throws {
    let call = try OperatorCall("GridSample", 9)
    let data = Tensor([1] as [Float], shape: [1, 1, 1, 1])
    let grid = Tensor([Float.nan, 0, .infinity, 0, 1e30, 0], shape: [1, 1, 3, 2])
    #expect(try call(data, grid)[0].array(of: Float.self) == [0, 0, 0])
  }

  @Test func colourPlanesAreChecked() throws {
    let call = try OperatorCall("NV12toRGB", 8)
    #expect(try call.infer([ValueType(.u8, PartialShape(irText: "?,6,4,1")!)])[0].shape.irText == "?,4,4,3")
    #expect(throws: OVError.self) { try call.infer([ValueType(.u8, [1, 5, 4, 1])]) }
    #expect(throws: OVError.self) { try call.infer([ValueType(.i32, [1, 6, 4, 1])]) }
    #expect(throws: OVError.self) { try call.infer([ValueType(.u8, [1, 4, 4, 1]), ValueType(.u8, [1, 2, 2, 1])]) }
    let black = Tensor([UInt8](repeating: 16, count: 4) + [128, 128], shape: [1, 3, 2, 1])
    #expect(try call(black)[0].array(of: UInt8.self) == [UInt8](repeating: 0, count: 12))
    let yellow = Tensor([210, 210, 210, 210, 16, 146] as [UInt8], shape: [1, 3, 2, 1])
    #expect(try OperatorCall("I420toBGR", 8)(yellow)[0].array(of: UInt8.self).prefix(3) == [0, 255, 255])
  }
}
