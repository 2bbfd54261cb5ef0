import KernelCore
import Kernels

/// A constant matrix of few bits with a scale for each column and group of depths: what a Dequantize of a Constant is to kernels that
/// read it as it is.
struct CompressedMatrix {
  let type: CompressedType
  /// The integers, as the IR packs them.
  let integers: OutputID
  let depth: Int
  let columns: Int
  /// Depths that share a scale.
  let groupSize: Int
  /// One number a group and column, in the kernels' order.
  let scales: [Float]
  let zeroPoints: [Float]?

  private var groups: Int { depth / groupSize }
  /// Whether kernels multiply with it as it is.
  var isMultiplied: Bool { (zeroPoints ?? []).allSatisfy { CompressedGEMM.canSubtract($0, type) } }

  /// Reads the matrix that `output` is, columns × depth when `transposed`, otherwise depth × columns; `nil` when it is none, or its
  /// scale changes along depth without groups.
  init?(_ output: OutputID, transposed: Bool, _ builder: PlanBuilder) throws {
    let node = builder.model[output.node]
    guard node.type == "Dequantize", node.postOperations.isEmpty, builder.model[node.inputs[0].node].type == "Constant",
      let type = CompressedType(builder.model.type(of: node.inputs[0]).elementType),
      let own = builder.model.type(of: node.inputs[0]).shape.shape, let shape = builder.model.type(of: output).shape.shape,
      shape.count == 2, !shape.contains(0), let scale = try builder.constant(node.inputs[1]),
      let zeroPoint = try builder.constant(node.inputs[2])
    else { return nil }
    self.type = type
    integers = node.inputs[0]
    (columns, depth) = transposed ? (shape[0], shape[1]) : (shape[1], shape[0])
    // Depth as groups and what is in them.
    let grouped: Shape
    if own == shape {
      grouped = transposed ? [columns, 1, depth] : [1, depth, columns]
    } else if own.count == 3, transposed ? own[0] == columns : own[2] == columns {
      grouped = own
    } else {
      return nil
    }
    let (groupAxis, innerAxis, columnAxis) = transposed ? (1, 2, 0) : (0, 1, 2)
    let (size, groups) = (grouped[innerAxis], grouped[groupAxis])
    groupSize = size
    guard groups * size == depth else { return nil }
    let (columns, isDense) = (columns, own == shape)
    /// A number for each group and column of something that broadcasts to the integers.
    func perGroup(_ tensor: Tensor) -> [Float]? {
      var strides = tensor.shape.broadcastStrides(to: own)
      if isDense { strides.insert(0, at: groupAxis) }
      guard strides[innerAxis] == 0 || size == 1 else { return nil }
      let numbers = tensor.doubles()
      let (extents, steps) =
        transposed
        ? ([columns, groups], [strides[columnAxis], strides[groupAxis]]) : ([groups, columns], [strides[groupAxis], strides[columnAxis]])
      return extents.offsets(strides: steps).map { Float(numbers[$0]) }
    }
    guard let scales = perGroup(scale) else { return nil }
    self.scales = scales
    if zeroPoint.doubles().allSatisfy({ $0 == 0 }) {
      zeroPoints = nil
    } else {
      guard let numbers = perGroup(zeroPoint) else { return nil }
      zeroPoints = numbers
    }
  }
}

extension CompressedType {
  init?(_ type: ElementType) {
    switch type {
    case .u8: self = .u8
    case .i8: self = .i8
    case .u4: self = .u4
    case .i4: self = .i4
    case .nf4: self = .nf4
    default: return nil
    }
  }
}

extension MatMul {
  /// A product with a matrix that stays compressed in memory.
  func lowerCompressed(_ node: Node, _ builder: PlanBuilder, _ matrix: CompressedMatrix, _ output: Shape) throws -> Bool {
    let columns = matrix.columns
    let fused = try FusedEpilogue(node, builder, channels: columns, channelAxis: output.count - 1)
    let product = ProductViews(node, builder, depth: matrix.depth, columns: columns, residual: fused.residual)
    var parameters = GEMMParameters(rows: product.rows, columns: columns, depth: matrix.depth, b: .constant(.f32))
    parameters.aRowStride = product.a.strides[0]
    parameters.residualRowStride = product.residualRowStride
    parameters.cRowStride = product.c.strides[0]
    let gemm = CompressedGEMM(
      parameters, type: matrix.type, groupSize: matrix.groupSize, epilogue: fused.epilogue, workers: builder.environment.workers,
      features: builder.environment.features)
    guard let integers = try builder.constant(matrix.integers) else { return false }
    let transposed = transposeB
    // The format is one for every number of rows.
    let packed = builder.derivedConstant(
      from: node.inputs[1], kind: "compressed \(transposed)", byteCount: gemm.packedWeightsByteCount
    ) { bytes in
      integers.withUnsafeBytes { integers in
        matrix.scales.withUnsafeBufferPointer { scales in
          (matrix.zeroPoints ?? []).withUnsafeBufferPointer { zeroPoints in
            gemm.packWeights(
              from: integers.baseAddress!, transposed: transposed, scales: scales.baseAddress!,
              zeroPoints: matrix.zeroPoints == nil ? nil : zeroPoints.baseAddress!, into: bytes)
          }
        }
      }
    }
    let scratch = builder.scratch(gemm.scratchByteCount)
    let places = ImagePlaces(
      input: Place(product.a), weights: Place(packed), bias: fused.bias.map { Place($0) },
      residual: product.residual.map { Place($0) }, output: Place(product.c), scratch: Place(scratch))
    builder.emit(
      kernel: gemm.kernelName, isParallel: builder.environment.workers > 1, operations: 2 * product.rows * columns * matrix.depth,
      reads: [product.a, packed] + [fused.bias, product.residual].compactMap { $0 }, writes: [product.c, scratch]
    ) { memory, worker, workers in
      gemm.run(
        a: memory.floats(places.input), b: memory.address(places.weights), bias: places.bias.map { memory.floats($0) },
        residual: places.residual.map { memory.floats($0) }, c: memory.floats(places.output),
        scratch: memory.address(places.scratch), worker: worker, workers: workers)
    }
    product.target.finish(builder)
    return true
  }
}

/// Rows of a table of 8- or 4-bit codes, expanded as they are gathered.
struct CompressedRows: Sendable {
  let table: Place
  let type: CompressedType
  let rowCount: Int
  let width: Int
  /// Elements that share a scale.
  let groupSize: Int
  /// The scales, then zero, then the zero points: one a row and group. Then the numbers that codes of `nf4` count.
  let constants: Place
  let kernel: QuantizeFunction
  let hasWideIndices: Bool
  /// Where a worker spreads a row of 4-bit codes.
  let scratch: Place?

  /// Bytes of a worker's scratch memory.
  static func scratchByteCount(_ type: CompressedType, width: Int) -> Int { type.bits == 8 ? 0 : (width + 63) / 64 * 64 }

  /// Expands the rows that `indices` name, in a worker's share; zeros where an index is out of range.
  func run(
    _ memory: StepMemory, indices: UnsafeMutableRawPointer, count: Int, target: UnsafeMutablePointer<Float>, worker: Int, workers: Int
  ) {
    let (start, end) = share(of: count, worker: worker, workers: workers)
    let groups = width / groupSize
    let numbers = UnsafePointer(memory.floats(constants))
    let spread = scratch.map { memory.address($0) + worker * Self.scratchByteCount(type, width: width) }
    for position in start..<max(start, end) {
      var row =
        hasWideIndices
        ? Int(indices.load(fromByteOffset: 8 * position, as: Int64.self)) : Int(indices.load(fromByteOffset: 4 * position, as: Int32.self))
      if row < 0 { row &+= rowCount }
      let place = target + position * width
      guard row >= 0, row < rowCount else {
        place.update(repeating: 0, count: width)
        continue
      }
      var codes = UnsafeRawPointer(memory.address(table) + row * width * type.bits / 8)
      if let spread {
        type.spread(codes, count: width, to: spread)
        codes = UnsafeRawPointer(spread)
      }
      for group in 0..<groups {
        let scale = numbers + (row * groups + group)
        let zero = numbers + rowCount * groups
        let zeroPoint = zero[1 + row * groups + group]
        if type == .nf4 {
          let values = zero + (1 + rowCount * groups)
          let codes = codes.assumingMemoryBound(to: UInt8.self)
          for i in group * groupSize..<(group + 1) * groupSize { place[i] = (values[Int(codes[i])] - zeroPoint) * scale.pointee }
          continue
        }
        var work = QuantizeRows(
          source: codes + group * groupSize, type == .i8 ? .i8 : .u8, target: place + group * groupSize, .f32, multipliers: scale,
          addends: zero, rows: 1, columns: groupSize)
        work.zeroPoint = zeroPoint
        withUnsafePointer(to: work) { kernel($0) }
      }
    }
  }
}

extension CompressedType {
  /// What a spread code is more than the integer.
  var spreadOffset: Float { self == .i4 ? 8 : 0 }

  /// Writes each of `count` 4-bit codes, two a byte, the first in its lower half, to a byte of its own, unsigned.
  func spread(_ codes: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer) {
    let flip: UInt64 = self == .i4 ? 0x0808_0808_0808_0808 : 0
    var i = 0
    while i + 8 <= count {
      // Bytes apart, then their halves.
      var x = UInt64((codes + i / 2).loadUnaligned(as: UInt32.self))
      x = (x | x << 16) & 0x0000_ffff_0000_ffff
      x = (x | x << 8) & 0x00ff_00ff_00ff_00ff
      x = (x & 0x000f_000f_000f_000f) | (x & 0x00f0_00f0_00f0_00f0) << 4
      (target + i).storeBytes(of: x ^ flip, as: UInt64.self)
      i += 8
    }
    while i < count {
      let code = codes.load(fromByteOffset: i / 2, as: UInt8.self) >> UInt8(i % 2 * 4) & 15
      target.storeBytes(of: code ^ UInt8(truncatingIfNeeded: flip), toByteOffset: i, as: UInt8.self)
      i += 1
    }
  }
}

extension Gather {
  /// Expands rows of a table that stays compressed in memory; `nil` when the first operand is none.
  func lowerCompressed(_ node: Node, _ builder: PlanBuilder, hasWideIndices: Bool, _ output: Shape) throws -> Bool {
    // As the transposed matrix of a product: rows are what its columns are.
    guard let table = try CompressedMatrix(node.inputs[0], transposed: true, builder), let integers = try builder.constant(table.integers),
      table.depth * table.type.bits % 8 == 0
    else { return false }
    let zeroPoints = (table.zeroPoints ?? table.scales.map { _ in 0 }).map { $0 + table.type.spreadOffset }
    let numbers = table.scales + [0] + zeroPoints + (table.type == .nf4 ? nf4Values : [])
    let constants = builder.constantView(Tensor(numbers, shape: [numbers.count]))
    let stored = builder.constantView(integers)
    let indices = builder.denseInput(1, of: node)
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: output.count))
    let kernel = QuantizeKernels.function(features: builder.environment.features)
    let scratchBytes = CompressedRows.scratchByteCount(table.type, width: table.depth) * builder.environment.workers
    let scratch = scratchBytes > 0 ? builder.scratch(scratchBytes) : nil
    let rows = CompressedRows(
      table: Place(stored), type: table.type, rowCount: table.columns, width: table.depth, groupSize: table.groupSize,
      constants: Place(constants), kernel: kernel.run, hasWideIndices: hasWideIndices, scratch: scratch.map { Place($0) })
    let (by, to, count) = (Place(indices), Place(target.computed), indices.elementCount)
    builder.emit(
      kernel: table.type == .nf4 ? "gather_nf4" : "gather_" + kernel.name,
      isParallel: target.computed.elementCount >= ElementLoops.parallelThreshold,
      reads: [stored, constants, indices], writes: [target.computed] + [scratch].compactMap { $0 }
    ) { memory, worker, workers in
      rows.run(
        memory, indices: memory.address(by), count: count, target: memory.floats(to), worker: worker,
        workers: workers)
    }
    target.finish(builder)
    return true
  }
}
