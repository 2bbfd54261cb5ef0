// Operations that take an image apart into patches, or put it together from them.

/// Stacks the pixels of strided, dilated patches in the depth of one pixel each.
struct ExtractImagePatches: Operator {
  private enum Padding: String, CaseIterable {
    case valid
    case sameUpper = "same_upper"
    case sameLower = "same_lower"
  }

  private let sizes: [Int]
  private let strides: [Int]
  private let rates: [Int]
  private let padding: Padding

  init(_ node: Node) throws {
    func pair(_ name: String) throws -> [Int] {
      let values = try node.attributes.ints(name)
      guard values.count == 2, values.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
        throw OVError(.invalidModel, "\(name) is \(values)", suggestion: "it is two positive numbers, rows and columns")
      }
      return values
    }
    sizes = try pair("sizes")
    strides = try pair("strides")
    rates = try pair("rates")
    padding = try node.attributes.choice("auto_pad")
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    var dimensions = try operands.extents(0, rank: 4, "the data")
    dimensions[1] = dimensions[1] * Dimension(sizes[0] * sizes[1])
    for axis in 0..<2 { dimensions[axis + 2] = dimensions[axis + 2].map { patches($0, axis).count } }
    return [ValueType(operands.elementType(0), PartialShape(dimensions))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let (depth, height, width) = (data.shape[1], data.shape[2], data.shape[3])
    let (top, left) = (patches(height, 0).padding, patches(width, 1).padding)
    var offsets: [Int] = []
    offsets.reserveCapacity(shape.elementCount)
    shape.forEachIndex { index in
      let pixel = index[1] / depth
      let row = index[2] * strides[0] - top + pixel / sizes[1] * rates[0]
      let column = index[3] * strides[1] - left + pixel % sizes[1] * rates[1]
      let inside = (0..<height).contains(row) && (0..<width).contains(column)
      offsets.append(inside ? ((index[0] * depth + index[1] % depth) * height + row) * width + column : -1)
    }
    return [data.gathered(shape: shape, offsets: offsets)]
  }

  /// The number of patches along an axis, and how many pixels before its beginning the first one starts.
  private func patches(_ extent: Int, _ axis: Int) -> (count: Int, padding: Int) {
    let reach = (sizes[axis] - 1) * rates[axis] + 1
    if padding == .valid { return (extent < reach ? 0 : (extent - reach) / strides[axis] + 1, 0) }
    let count = extent / strides[axis] + (extent % strides[axis] == 0 ? 0 : 1)
    let total = max(0, (count - 1) * strides[axis] + reach - extent)
    return (count, (padding == .sameLower ? total + 1 : total) / 2)
  }
}

/// Adds up an image from the columns that its patches were flattened to.
struct Col2Im: Operator {
  private let strides: [Int]
  private let dilations: [Int]
  private let padsBegin: [Int]
  private let padsEnd: [Int]

  init(_ node: Node) throws {
    func pair(_ name: String, _ least: Int) throws -> [Int] {
      let values = try node.attributes.ints(name, default: [least, least])
      guard values.count == 2, values.allSatisfy({ (least...(1 << 20)).contains($0) }) else {
        throw OVError(.invalidModel, "\(name) is \(values)", suggestion: "it is two numbers, rows and columns, of at least \(least)")
      }
      return values
    }
    strides = try pair("strides", 1)
    dilations = try pair("dilations", 1)
    padsBegin = try pair("pads_begin", 0)
    padsEnd = try pair("pads_end", 0)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = operands.elementType(0)
    guard let data = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard data.count == 2 || data.count == 3 else {
      throw invalid("the data has the shape \(operands.shape(0))", suggestion: "it must have rank 2, or 3 with a batch")
    }
    let image = operands.dimensions(1) ?? [.dynamic, .dynamic]
    guard image.count == 2, operands.dimensions(2)?.count ?? 2 == 2 else { throw invalid("output_size or kernel_size is not a pair") }
    var channels = Dimension.dynamic
    if let kernel = operands.ints(2) {
      guard kernel.allSatisfy({ (1...(1 << 20)).contains($0) }) else { throw invalid("kernel_size is \(kernel)") }
      let (depth, pixels) = (data[data.count - 2], kernel[0] * kernel[1])
      if let length = depth.length, length % pixels != 0 { throw invalid("\(length) rows do not consist of patches of \(pixels) pixels") }
      channels = depth.map { $0 / pixels }
      if let size = operands.ints(1) {
        let count = blocks(size, kernel).reduce(1, *)
        guard data[data.count - 1].contains(count) else {
          throw invalid("there are \(data[data.count - 1]) patches, an image of \(size) has \(count)")
        }
      }
    }
    return [ValueType(type, PartialShape(data.dropLast(2) + [channels] + image))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let (size, kernel) = (operands[1].ints(), operands[2].ints())
    let blocks = blocks(size, kernel)
    // All elements in the order of the data: planes (batch and channel), pixels of the patch, patches.
    let planes = shape.dropLast(2).elementCount
    var places: [Int] = []
    var kept: [Int] = []
    var element = 0
    [planes, kernel[0], kernel[1], blocks[0], blocks[1]].forEachIndex { index in
      let row = index[3] * strides[0] - padsBegin[0] + index[1] * dilations[0]
      let column = index[4] * strides[1] - padsBegin[1] + index[2] * dilations[1]
      if (0..<size[0]).contains(row), (0..<size[1]).contains(column) {
        places.append((index[0] * size[0] + row) * size[1] + column)
        kept.append(element)
      }
      element += 1
    }
    let image = try Tensor(data.elementType, shape: shape)
    return [ScatterReduction.sum.scatter(data.gathered(shape: [kept.count], offsets: kept), into: image, blocks: places, of: 1)]
  }

  /// The number of patches along both axes of an image.
  private func blocks(_ size: [Int], _ kernel: [Int]) -> [Int] {
    (0..<2).map { axis in
      let room = size[axis] + padsBegin[axis] + padsEnd[axis] - dilations[axis] * (kernel[axis] - 1) - 1
      return room < 0 ? 0 : room / strides[axis] + 1
    }
  }
}

/// The reorganisation of YOLO v2: blocks of pixels become channels, in the order of Darknet's implementation.
struct ReorgYolo: Operator {
  let stride: Int

  init(_ node: Node) throws {
    let strides = try node.attributes.ints("stride")
    guard let stride = strides.first, strides.allSatisfy({ $0 == stride }), (1...(1 << 16)).contains(stride) else {
      throw OVError(.invalidModel, "stride is \(strides)", suggestion: "it is a positive number")
    }
    self.stride = stride
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    var dimensions = try operands.extents(0, rank: 4, "the data")
    if let channels = dimensions[1].length, channels % (stride * stride) != 0 {
      throw invalid("\(channels) channels do not consist of blocks of \(stride * stride) pixels")
    }
    dimensions[1] = dimensions[1] * Dimension(stride * stride)
    for axis in 2..<4 {
      if let length = dimensions[axis].length, length % stride != 0 {
        throw invalid("an extent of \(length) does not consist of blocks of \(stride)")
      }
      dimensions[axis] = dimensions[axis].map { $0 / stride }
    }
    return [ValueType(operands.elementType(0), PartialShape(dimensions))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let groups = channels / (stride * stride)
    // Darknet reads the image as one of fewer channels and more pixels, whatever its shape says.
    var offsets: [Int] = []
    shape.forEachIndex { index in
      let (group, block) = (index[1] % groups, index[1] / groups)
      let row = index[2] * stride + block / stride
      let column = index[3] * stride + block % stride
      offsets.append(((index[0] * groups + group) * height * stride + row) * width * stride + column)
    }
    return [operands[0].gathered(shape: try outputShape(operands), offsets: offsets)]
  }
}
