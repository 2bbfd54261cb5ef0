/// Whether the depth of a blocked image counts blocks or channels first.
private enum BlockOrder: String, CaseIterable {
  case blocksFirst = "blocks_first"
  case depthFirst = "depth_first"
}

/// Moves depth into space: each pixel becomes a block of pixels whose values were channels.
struct DepthToSpace: Operator {
  private let blocks: DepthBlocks

  init(_ node: Node) throws { blocks = try DepthBlocks(node) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try blocks.infer(operands) { blocks, dimensions in
      let count = try blocks.count(dimensions.count - 2)
      if let depth = dimensions[1].length, depth % count != 0 {
        throw invalid("a depth of \(depth) does not consist of blocks of \(count)")
      }
      dimensions[1] = dimensions[1].map { $0 / count }
      for axis in 2..<dimensions.count { dimensions[axis] = dimensions[axis] * Dimension(blocks.size) }
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let space = shape.count - 2
    let size = [Int](repeating: blocks.size, count: space)
    let depth = blocks.order == .blocksFirst ? size + [shape[1]] : [shape[1]] + size
    let channel = blocks.order == .blocksFirst ? space + 1 : 1
    let firstBlock = blocks.order == .blocksFirst ? 1 : 2
    let permutation = [0, channel] + (0..<space).flatMap { [space + 2 + $0, firstBlock + $0] }
    return [operands[0].reshaped(to: [shape[0]] + depth + operands[0].shape[2...]).transposed(permutation).reshaped(to: shape)]
  }
}

/// Moves space into depth: each block of pixels becomes one pixel with more channels.
struct SpaceToDepth: Operator {
  private let blocks: DepthBlocks

  init(_ node: Node) throws { blocks = try DepthBlocks(node) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try blocks.infer(operands) { blocks, dimensions in
      dimensions[1] = dimensions[1] * Dimension(try blocks.count(dimensions.count - 2))
      for axis in 2..<dimensions.count {
        if let length = dimensions[axis].length, length % blocks.size != 0 {
          throw invalid("an extent of \(length) does not consist of blocks of \(blocks.size)")
        }
        dimensions[axis] = dimensions[axis].map { $0 / blocks.size }
      }
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    let space = shape.count - 2
    let inner = (0..<space).map { 3 + 2 * $0 }
    let outer = (0..<space).map { 2 + 2 * $0 }
    let permutation = [0] + (blocks.order == .blocksFirst ? inner + [1] : [1] + inner) + outer
    let blocked = data.shape[..<2] + shape[2...].flatMap { [$0, blocks.size] }
    return [data.reshaped(to: Array(blocked)).transposed(permutation).reshaped(to: shape)]
  }
}

/// The attributes that both directions share.
private struct DepthBlocks {
  let size: Int
  let order: BlockOrder

  init(_ node: Node) throws {
    size = try node.attributes.int("block_size", default: 1)
    guard size > 0 else { throw OVError(.invalidModel, "block_size is \(size)", suggestion: "it is at least 1") }
    order = try node.attributes.choice("mode")
  }

  /// The number of pixels of a block.
  func count(_ axes: Int) throws -> Int {
    guard let count = [Int](repeating: size, count: axes).checkedElementCount else {
      throw OVError(.invalidModel, "block_size \(size) is out of range")
    }
    return count
  }

  func infer(_ operands: Operands, _ rearrange: (DepthBlocks, inout [Dimension]) throws -> Void) throws -> [ValueType] {
    try operands.require(1...1)
    guard var dimensions = operands.shape(0).dimensions else { return [ValueType(operands.elementType(0), .dynamic)] }
    guard dimensions.count >= 3 else {
      throw OVError(.invalidModel, "the data has the shape \(operands.shape(0))", suggestion: "it must have rank 3 or more")
    }
    try rearrange(self, &dimensions)
    return [ValueType(operands.elementType(0), PartialShape(dimensions))]
  }
}
