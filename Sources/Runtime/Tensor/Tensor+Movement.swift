// Moving elements without looking at them, for every element type.

extension Tensor {
  /// The tensor of `shape` whose element at an index is this tensor's element at `start` plus the index times `strides`
  /// (in elements).
  ///
  /// - Precondition: every such element exists.
  package func gathered(shape: Shape, strides: [Int], start: Int = 0) -> Tensor {
    gathered(shape: shape, offsets: shape.offsets(strides: strides).map { $0 + start })
  }

  /// The tensor of `shape` whose `i`-th element is this tensor's element `offsets[i]`; −1 is zero (the empty string).
  ///
  /// - Precondition: there are as many offsets as the shape has elements, and each lies in −1..<elementCount.
  package func gathered(shape: Shape, offsets: [Int]) -> Tensor {
    precondition(shape.checkedElementCount == offsets.count, "one offset an element")
    if elementType == .string { return Tensor(strings: offsets.map { $0 < 0 ? "" : strings[$0] }, shape: shape) }
    if elementType.isPacked {
      let source = withUnsafeBytes { PackedBits.unpack($0, elementType, count: elementCount) }
      let storage = TensorStorage(byteCount: elementType.byteCount(elementCount: offsets.count)!)
      PackedBits.pack(offsets.map { $0 < 0 ? 0 : source[$0] }, elementType, into: storage.base)
      return Tensor(elementType, shape: shape, storage: storage)
    }
    let storage = TensorStorage(byteCount: elementType.byteCount(elementCount: offsets.count)!)
    let limit = elementCount
    func copy<Bits: BitwiseCopyable>(_: Bits.Type) {
      withUnsafeBytes { bytes in
        let source = bytes.bindMemory(to: Bits.self)
        let target = storage.base.bindMemory(to: Bits.self, capacity: offsets.count)
        for (i, offset) in offsets.enumerated() where offset >= 0 {
          precondition(offset < limit, "an element that exists")
          target[i] = source[offset]
        }
      }
    }
    switch elementType.bitWidth {
    case 8: copy(UInt8.self)
    case 16: copy(UInt16.self)
    case 32: copy(UInt32.self)
    default: copy(UInt64.self)
    }
    return Tensor(elementType, shape: shape, storage: storage)
  }

  /// This tensor with the elements at `offsets` replaced by those of `updates`, in order: the last one written stays.
  ///
  /// - Precondition: one offset an update, each in 0..<elementCount, the element types equal.
  package func scattering(_ updates: Tensor, at offsets: [Int]) -> Tensor {
    precondition(updates.elementType == elementType && updates.elementCount == offsets.count, "one offset an update")
    var source = [Int](0..<elementCount)
    for (i, offset) in offsets.enumerated() { source[offset] = elementCount + i }
    return Tensor.joined([self.reshaped(to: [elementCount]), updates.reshaped(to: [offsets.count])]).gathered(shape: shape, offsets: source)
  }

  /// Vectors of one element type laid end to end.
  package static func joined(_ vectors: [Tensor]) -> Tensor {
    let type = vectors[0].elementType
    let count = vectors.reduce(0) { $0 + $1.elementCount }
    if type == .string { return Tensor(strings: vectors.flatMap(\.strings), shape: [count]) }
    let storage = TensorStorage(byteCount: type.byteCount(elementCount: count)!)
    if type.isPacked {
      let elements = vectors.flatMap { vector in vector.withUnsafeBytes { PackedBits.unpack($0, type, count: vector.elementCount) } }
      PackedBits.pack(elements, type, into: storage.base)
    } else {
      var end = storage.base
      for vector in vectors {
        vector.withUnsafeBytes { if let source = $0.baseAddress { end.copyMemory(from: source, byteCount: $0.count) } }
        end += vector.byteCount
      }
    }
    return Tensor(type, shape: [count], storage: storage)
  }
}
