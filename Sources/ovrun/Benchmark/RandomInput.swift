import OVRuntime

extension PortInfo {
  /// Data for a benchmark: real numbers from 0 to 1, integers 0 and 1; the same at each call.
  func randomTensor() throws(OVError) -> Tensor {
    guard let shape = type.shape.shape else {
      throw OVError(
        .invalidArgument, "input '\(OVError.printable(name))' is \(type), whose extents are not all known",
        suggestion: "give '--input \(OVError.printable(name))=FILE.npy' or '--shape \(OVError.printable(name))=…'")
    }
    return try randomTensor(shape)
  }

  /// The same for extents that the model leaves open.
  func randomTensor(_ shape: Shape) throws(OVError) -> Tensor {
    let zeros = try Tensor(type.elementType, shape: shape)
    if type.elementType == .string { return zeros }
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    let numbers = (0..<zeros.elementCount).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / 0x1p24
    }
    let isReal = type.elementType.isFloatingPoint
    return Tensor(type.elementType, shape: shape, doubles: isReal ? numbers : numbers.map { $0.rounded() })
  }
}
