// Moving elements without looking at them, for every element type. Whatever an operation rearranges is told as blocks of
// neighbouring elements, so that rows move whole.

extension Tensor {
  /// The tensor of `shape` whose element at an index is this tensor's element at `start` plus the index times `strides`
  /// (in elements).
  ///
  /// - Precondition: every such element exists.
  package func gathered(shape: Shape, strides: [Int], start: Int = 0) -> Tensor {
    if shape.contains(0) { return gathered(shape: shape, blocks: [], of: 1) }
    let (starts, block) = shape.blocks(strides: strides, start: start)
    if starts == [0], block == elementCount { return reshaped(to: shape) }
    return gathered(shape: shape, blocks: starts, of: block)
  }

  /// The tensor whose element at an index is this tensor's element at the place that `indices` holds for it on each axis:
  /// `result[i, j] = self[indices[0][i], indices[1][j]]`.
  ///
  /// - Precondition: one list an axis, every index in 0..<extent.
  package func gathered(indices: [[Int]]) -> Tensor {
    let strides = shape.rowMajorStrides
    var outer = shape.count
    while outer > 0, indices[outer - 1].elementsEqual(0..<shape[outer - 1]) { outer -= 1 }
    if outer == 0 { return self }
    let block = shape[outer...].elementCount
    var starts = [0]
    for axis in 0..<outer {
      starts = starts.flatMap { start in indices[axis].map { start + $0 * strides[axis] } }
    }
    return gathered(shape: indices.map(\.count), blocks: starts, of: block)
  }

  /// The tensor of `shape` whose `i`-th element is this tensor's element `offsets[i]`; −1 is zero (the empty string).
  ///
  /// - Precondition: there are as many offsets as the shape has elements, and each lies in −1..<elementCount.
  package func gathered(shape: Shape, offsets: [Int]) -> Tensor { gathered(shape: shape, blocks: offsets, of: 1) }

  /// The tensor of `shape` whose `i`-th block of `size` elements starts in this tensor at `starts[i]`; −1 is a block of zeros
  /// (empty strings).
  ///
  /// - Precondition: the blocks make up the shape, and each start is −1 or that of a block within this tensor.
  package func gathered(shape: Shape, blocks starts: [Int], of size: Int) -> Tensor {
    precondition(shape.checkedElementCount == starts.count * size, "the blocks make up the shape")
    let limit = elementCount - size
    precondition(starts.allSatisfy { $0 >= -1 && $0 <= limit }, "blocks that exist")
    if elementType == .string {
      let empty = [String](repeating: "", count: size)
      return Tensor(strings: starts.flatMap { $0 < 0 ? empty[...] : strings[$0..<($0 + size)] }, shape: shape)
    }
    if elementType.isPacked { return unpacked.gathered(shape: shape, blocks: starts, of: size).packed(as: elementType) }
    let width = elementType.bitWidth / 8
    let result = TensorStorage(byteCount: starts.count * size * width)
    withUnsafeBytes { source in
      if size > 1 {
        for (i, start) in starts.enumerated() where start >= 0 {
          (result.base + i * size * width).copyMemory(from: source.baseAddress! + start * width, byteCount: size * width)
        }
        return
      }
      func copy<Bits: BitwiseCopyable>(_: Bits.Type) {
        let source = source.bindMemory(to: Bits.self)
        let target = result.base.bindMemory(to: Bits.self, capacity: starts.count)
        for (i, start) in starts.enumerated() where start >= 0 { target[i] = source[start] }
      }
      switch width {
      case 1: copy(UInt8.self)
      case 2: copy(UInt16.self)
      case 4: copy(UInt32.self)
      default: copy(UInt64.self)
      }
    }
    return Tensor(elementType, shape: shape, storage: result)
  }

  /// This tensor with the elements at `offsets` replaced by those of `updates`, in order: the last one written stays.
  ///
  /// - Precondition: one offset an update, each in 0..<elementCount, the element types equal.
  package func scattering(_ updates: Tensor, at offsets: [Int]) -> Tensor { scattering(updates, blocks: offsets, of: 1) }

  /// This tensor with the block of `size` elements at each of `starts` replaced by the next block of `updates`: the last one
  /// written stays.
  ///
  /// - Precondition: the blocks make up the updates and lie within this tensor, the element types are equal.
  package func scattering(_ updates: Tensor, blocks starts: [Int], of size: Int) -> Tensor {
    precondition(updates.elementType == elementType && updates.elementCount == starts.count * size, "the blocks make up the updates")
    let limit = elementCount - size
    precondition(starts.allSatisfy { $0 >= 0 && $0 <= limit }, "blocks that exist")
    if elementType == .string {
      var result = strings
      for (i, start) in starts.enumerated() {
        result.replaceSubrange(start..<(start + size), with: updates.strings[(i * size)..<((i + 1) * size)])
      }
      return Tensor(strings: result, shape: shape)
    }
    if elementType.isPacked { return unpacked.scattering(updates.unpacked, blocks: starts, of: size).packed(as: elementType) }
    let width = elementType.bitWidth / 8
    let bytes = size * width
    var result = self
    updates.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        for (i, start) in starts.enumerated() {
          (target.baseAddress! + start * width).copyMemory(from: source.baseAddress! + i * bytes, byteCount: bytes)
        }
      }
    }
    return result
  }

  /// This tensor with `updates` in place of the region that starts at an element and is read with `strides`.
  ///
  /// - Precondition: every element of the region exists, the element types are equal.
  package func scattering(_ updates: Tensor, strides: [Int], start: Int) -> Tensor {
    if updates.shape.contains(0) { return self }
    let (starts, block) = updates.shape.blocks(strides: strides, start: start)
    return scattering(updates, blocks: starts, of: block)
  }

  /// Vectors of one element type laid end to end.
  package static func joined(_ vectors: [Tensor]) -> Tensor {
    concatenated(vectors.map { $0.reshaped(to: [$0.elementCount]) }, axis: 0)
  }

  /// Tensors of one element type laid side by side along an axis.
  ///
  /// - Precondition: the shapes differ along `axis` only.
  package static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
    let type = tensors[0].elementType
    var shape = tensors[0].shape
    shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
    let rows = shape[..<axis].elementCount
    if type == .string {
      let joined = (0..<rows).flatMap { row in
        tensors.flatMap { tensor in
          let count = tensor.elementCount / rows
          return tensor.strings[(row * count)..<((row + 1) * count)]
        }
      }
      return Tensor(strings: joined, shape: shape)
    }
    if type.isPacked { return concatenated(tensors.map(\.unpacked), axis: axis).packed(as: type) }
    let storage = TensorStorage(byteCount: shape.elementCount * type.bitWidth / 8)
    guard rows > 0 else { return Tensor(type, shape: shape, storage: storage) }
    let pitch = storage.byteCount / rows
    var start = storage.base
    for tensor in tensors {
      let bytes = tensor.byteCount / rows
      tensor.withUnsafeBytes { source in
        for row in 0..<rows {
          (start + row * pitch).copyMemory(from: source.baseAddress! + row * bytes, byteCount: bytes)
        }
      }
      start += bytes
    }
    return Tensor(type, shape: shape, storage: storage)
  }

  /// A tensor of `shape` filled with this tensor's only element.
  ///
  /// - Precondition: there is one element.
  package func filling(_ shape: Shape) -> Tensor {
    precondition(elementCount == 1, "one element fills a tensor")
    return gathered(shape: shape, strides: [Int](repeating: 0, count: shape.count))
  }

  /// Checks that a tensor of this shape can be held in memory.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when it cannot.
  package static func requireSize(_ elementType: ElementType, _ shape: Shape) throws(OVError) {
    guard let count = shape.checkedElementCount, count <= byteLimit, elementType.byteCount(elementCount: count) ?? 0 <= byteLimit else {
      throw tooLarge(elementType, shape)
    }
  }

  /// The raw bits of packed elements, one element to a byte; plain elements as they are.
  private var unpacked: Tensor {
    guard elementType.isPacked else { return self }
    return Tensor(withUnsafeBytes { PackedBits.unpack($0, elementType, count: elementCount) }, shape: shape)
  }

  /// The inverse of ``unpacked``.
  private func packed(as type: ElementType) -> Tensor {
    let storage = TensorStorage(byteCount: type.byteCount(elementCount: elementCount)!)
    PackedBits.pack(array(of: UInt8.self), type, into: storage.base)
    return Tensor(type, shape: shape, storage: storage)
  }
}

extension [Int] {
  /// The blocks of neighbouring elements that a region of this shape consists of, in row-major order: the innermost axes that
  /// lie densely make up one block.
  fileprivate func blocks(strides: [Int], start: Int) -> (starts: [Int], size: Int) {
    var size = 1
    var outer = count
    while outer > 0, self[outer - 1] == 1 || strides[outer - 1] == size {
      outer -= 1
      size *= self[outer]
    }
    var starts = Array(self[..<outer]).offsets(strides: Array(strides[..<outer]))
    if start != 0 { for i in starts.indices { starts[i] += start } }
    return (starts, size)
  }
}

extension ArraySlice<Int> {
  /// The product of the extents.
  ///
  /// - Precondition: the product is representable.
  package var elementCount: Int { reduce(1, *) }
}
