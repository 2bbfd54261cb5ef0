// Reference operators compute in two domains, Double for real types and Int64 for integers and booleans: one readable body
// serves every element type. Conversions round and wrap as OpenVINO's Convert does.

extension Tensor {
  /// The elements as real numbers, whatever their type. `u64` and `i64` beyond 2⁵³ are rounded.
  package func doubles() -> [Double] {
    let count = elementCount
    return withUnsafeBytes { bytes in
      func map<T: BitwiseCopyable>(_: T.Type, _ convert: (T) -> Double) -> [Double] {
        let source = bytes.bindMemory(to: T.self)
        return [Double](unsafeUninitializedCapacity: count) { target, initialized in
          for i in 0..<count { target.initializeElement(at: i, to: convert(source[i])) }
          initialized = count
        }
      }
      switch elementType {
      case .f32: return map(Float.self) { Double($0) }
      case .f64: return map(Double.self) { $0 }
      case .f16: return map(Float16.self) { Double($0) }
      case .bf16: return map(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
      case .u64: return map(UInt64.self) { Double($0) }
      case .f8e4m3: return map(UInt8.self) { SmallFloat.f8e4m3.decode($0) }
      case .f8e5m2: return map(UInt8.self) { SmallFloat.f8e5m2.decode($0) }
      case .f8e8m0: return map(UInt8.self) { SmallFloat.decodeE8M0($0) }
      case .nf4: return PackedBits.unpack(bytes, .nf4, count: count).map { SmallFloat.nf4Table[Int($0)] }
      case .f4e2m1: return PackedBits.unpack(bytes, .f4e2m1, count: count).map { SmallFloat.f4e2m1.decode($0) }
      default: return int64s().map { Double($0) }
      }
    }
  }

  /// The elements as integers: `u64` as its bit pattern, real numbers truncated towards zero (out of range: the nearest bound,
  /// NaN: 0), booleans as 0 and 1.
  package func int64s() -> [Int64] {
    let count = elementCount
    return withUnsafeBytes { bytes in
      func map<T: BinaryInteger & BitwiseCopyable>(_: T.Type) -> [Int64] {
        let source = bytes.bindMemory(to: T.self)
        return [Int64](unsafeUninitializedCapacity: count) { target, initialized in
          for i in 0..<count { target.initializeElement(at: i, to: Int64(truncatingIfNeeded: source[i])) }
          initialized = count
        }
      }
      switch elementType {
      case .i64: return map(Int64.self)
      case .u64: return map(UInt64.self)
      case .i32: return map(Int32.self)
      case .u32: return map(UInt32.self)
      case .i16: return map(Int16.self)
      case .u16: return map(UInt16.self)
      case .i8: return map(Int8.self)
      case .u8: return map(UInt8.self)
      case .boolean: return map(UInt8.self).map { $0 == 0 ? 0 : 1 }
      case .i4: return PackedBits.unpack(bytes, .i4, count: count).map { Int64(Int8(bitPattern: $0 << 4) >> 4) }
      case .u1, .u2, .u3, .u4, .u6: return PackedBits.unpack(bytes, elementType, count: count).map { Int64($0) }
      default: return doubles().map { Int64(clamping: $0) }
      }
    }
  }

  /// The elements as sizes, indices or axes.
  package func ints() -> [Int] { int64s().map { Int($0) } }

  /// A tensor of real numbers rounded to `elementType` (ties to even); integer types truncate towards zero and wrap.
  ///
  /// - Precondition: there are as many numbers as the shape has elements.
  package init(_ elementType: ElementType, shape: Shape, doubles: [Double]) {
    precondition(shape.checkedElementCount == doubles.count, "a tensor has as many elements as its shape")
    let storage = TensorStorage(byteCount: elementType.byteCount(elementCount: doubles.count) ?? 0)
    func fill<T: BitwiseCopyable>(_: T.Type, _ convert: (Double) -> T) {
      let target = storage.base.bindMemory(to: T.self, capacity: doubles.count)
      for i in doubles.indices { target[i] = convert(doubles[i]) }
    }
    switch elementType {
    case .f32: fill(Float.self) { Float($0) }
    case .f64: fill(Double.self) { $0 }
    case .f16: fill(Float16.self) { Float16($0) }
    case .bf16: fill(UInt16.self) { SmallFloat.bfloat16Bits($0) }
    case .f8e4m3: fill(UInt8.self) { SmallFloat.f8e4m3.encode($0) }
    case .f8e5m2: fill(UInt8.self) { SmallFloat.f8e5m2.encode($0) }
    case .f8e8m0: fill(UInt8.self) { SmallFloat.encodeE8M0($0) }
    case .nf4: PackedBits.pack(doubles.map { SmallFloat.encodeNF4($0) }, .nf4, into: storage.base)
    case .f4e2m1: PackedBits.pack(doubles.map { SmallFloat.f4e2m1.encode($0) }, .f4e2m1, into: storage.base)
    case .boolean: fill(UInt8.self) { $0 != 0 ? 1 : 0 }
    case .u64: fill(UInt64.self) { $0 < 0 ? UInt64(bitPattern: Int64(clamping: $0)) : UInt64(clamping: $0) }
    default:
      self.init(elementType, shape: shape, int64s: doubles.map { Int64(clamping: $0) })
      return
    }
    self.init(elementType, shape: shape, storage: storage)
  }

  /// A tensor of integers: integer types keep the low bits, real types round, booleans hold whether a number is not zero.
  ///
  /// - Precondition: there are as many numbers as the shape has elements.
  package init(_ elementType: ElementType, shape: Shape, int64s: [Int64]) {
    precondition(shape.checkedElementCount == int64s.count, "a tensor has as many elements as its shape")
    if elementType.isFloatingPoint {
      self.init(elementType, shape: shape, doubles: int64s.map { Double($0) })
      return
    }
    let storage = TensorStorage(byteCount: elementType.byteCount(elementCount: int64s.count) ?? 0)
    func fill<T: BinaryInteger & BitwiseCopyable>(_: T.Type) {
      let target = storage.base.bindMemory(to: T.self, capacity: int64s.count)
      for i in int64s.indices { target[i] = T(truncatingIfNeeded: int64s[i]) }
    }
    switch elementType {
    case .i64: fill(Int64.self)
    case .u64: fill(UInt64.self)
    case .i32: fill(Int32.self)
    case .u32: fill(UInt32.self)
    case .i16: fill(Int16.self)
    case .u16: fill(UInt16.self)
    case .i8: fill(Int8.self)
    case .u8: fill(UInt8.self)
    case .boolean:
      let target = storage.base.bindMemory(to: UInt8.self, capacity: int64s.count)
      for i in int64s.indices { target[i] = int64s[i] == 0 ? 0 : 1 }
    default: PackedBits.pack(int64s.map { UInt8(truncatingIfNeeded: $0) }, elementType, into: storage.base)
    }
    self.init(elementType, shape: shape, storage: storage)
  }

  /// A tensor of sizes or indices.
  package init(_ elementType: ElementType, shape: Shape, ints: [Int]) {
    self.init(elementType, shape: shape, int64s: ints.map { Int64($0) })
  }
}

extension Int64 {
  /// `x` truncated towards zero; the nearest bound when out of range, 0 for NaN.
  package init(clamping x: Double) {
    if x.isNaN {
      self = 0
    } else {
      self = x >= 0x1p63 ? .max : x <= -0x1p63 ? .min : Int64(x)
    }
  }
}

extension UInt64 {
  /// `x` truncated towards zero; the nearest bound when out of range, 0 for NaN.
  package init(clamping x: Double) {
    if x.isNaN {
      self = 0
    } else {
      self = x >= 0x1p64 ? .max : x <= 0 ? 0 : UInt64(x)
    }
  }
}
