/// What a generic integer kernel needs of an instruction set's registers of 32-bit integers.
///
/// A lane of 32 bits also holds four bytes, as in the first operand (u8) and the second (i8) of a dot product, or two 16-bit integers.
/// Each instruction set's target conforms a nominal type of its own, as for ``FloatVector``. Arithmetic wraps.
@usableFromInline package protocol IntegerVector: AdditiveVector, Sendable {
  /// The registers of floats with as many lanes.
  associatedtype Floats: FloatVector

  /// 32-bit integers in a register.
  static var lanes: Int { get }

  /// Loads ``lanes`` integers, or as many groups of bytes, from any address.
  static func load(_ p: UnsafeRawPointer) -> Self
  func store(_ p: UnsafeMutableRawPointer)
  /// Four bytes from any address, in every lane.
  static func splat(_ p: UnsafeRawPointer) -> Self
  /// An integer in every lane.
  static func splat(_ x: Int32) -> Self
  static func * (a: Self, b: Self) -> Self
  /// Divided by 2 to the power of `count`, rounded down.
  func shiftedRight(_ count: Int32) -> Self

  /// ``addingDot(_:_:)`` and ``addingDots(_:_:_:_:)`` are exact whatever the operands.
  static var dotsAreExact: Bool { get }
  /// self + a · b; exact where the sums of two neighbours among the four products fit 16 bits.
  func addingDot(_ a: Self, _ b: Self) -> Self
  /// self + a · b + c · d; exact where the sums of two neighbours among a · b and their like among c · d together fit 16 bits.
  func addingDots(_ a: Self, _ b: Self, _ c: Self, _ d: Self) -> Self
  /// self + a · b.
  func addingExactDot(_ a: Self, _ b: Self) -> Self

  /// Writes sixteen pairs of bytes, one of `p` and one of `q`, with the bits of `flip` flipped.
  static func storePairs(_ p: UnsafeRawPointer, _ q: UnsafeRawPointer, flip: UInt8, to target: UnsafeMutableRawPointer)
  /// A pair of bytes in each lane, both widened to 16 bits.
  static func load(pairs p: UnsafeRawPointer) -> Self
  /// self + the products of the 16-bit integers, signed, of each lane.
  func addingProducts(_ a: Self, _ b: Self) -> Self
  /// The sums and the differences of the 16-bit integers of each lane.
  func addingPairs(_ other: Self) -> Self
  func subtractingPairs(_ other: Self) -> Self
  /// The first `count` (1...lanes) bytes, widened as their type says; the other lanes are undefined.
  static func load(bytes p: UnsafeRawPointer, isSigned: Bool, count: Int) -> Self

  /// Rounded to nearest, ties to even.
  func floats() -> Floats
  /// Stores the first `count` (1...lanes) lanes, integers once rounded to nearest, ties to even, as bytes; each in −128...255.
  static func store(_ x: Floats, bytes p: UnsafeMutableRawPointer, count: Int)

  /// Stores two rows of two registers each, rounded to nearest, ties to even, as bytes; what is below the type's integers, or a NaN, as
  /// its least. No lane is greater than the type's greatest.
  static func store(
    _ first: (Floats, Floats), _ second: (Floats, Floats), bytes p: UnsafeMutableRawPointer, _ q: UnsafeMutableRawPointer, isSigned: Bool)

  /// The same of a row of four registers.
  static func store(row: (Floats, Floats, Floats, Floats), bytes p: UnsafeMutableRawPointer, isSigned: Bool)
  /// The same of four rows of a register each, `stride` bytes apart.
  static func store(
    _ a: Floats, _ b: Floats, _ c: Floats, _ d: Floats, bytes p: UnsafeMutableRawPointer, stride: Int, isSigned: Bool)

  /// ``lanes`` 16-bit integers from any address, unsigned.
  static func load(words p: UnsafeRawPointer) -> Self
  /// The bits of `mask`, as those of floats whose others are `base`'s.
  func bits(_ mask: Int32, besides base: Float) -> Floats
  /// The four lower bits of each lane.
  func lowerHalf() -> Self
  /// The values that lanes, 0...15, are numbers of.
  func values(of table: UnsafePointer<Float>) -> Floats

  /// The greatest bytes, unsigned, lane by lane of a register of bytes.
  func maximumOfBytes(_ other: Self) -> Self
  /// Exclusive or.
  func flipped(_ mask: Self) -> Self
}

extension IntegerVector {
  @inlinable @inline(__always)
  package static func store(
    _ first: (Floats, Floats), _ second: (Floats, Floats), bytes p: UnsafeMutableRawPointer, _ q: UnsafeMutableRawPointer, isSigned: Bool
  ) {
    let least = Floats.splat(isSigned ? -128 : 0)
    store(first.0.max(least), bytes: p, count: lanes)
    store(first.1.max(least), bytes: p + lanes, count: lanes)
    store(second.0.max(least), bytes: q, count: lanes)
    store(second.1.max(least), bytes: q + lanes, count: lanes)
  }

  @inlinable @inline(__always)
  package static func store(row: (Floats, Floats, Floats, Floats), bytes p: UnsafeMutableRawPointer, isSigned: Bool) {
    store((row.0, row.1), (row.2, row.3), bytes: p, p + 2 &* lanes, isSigned: isSigned)
  }

  @inlinable @inline(__always)
  package static func store(
    _ a: Floats, _ b: Floats, _ c: Floats, _ d: Floats, bytes p: UnsafeMutableRawPointer, stride: Int, isSigned: Bool
  ) {
    let least = Floats.splat(isSigned ? -128 : 0)
    store(a.max(least), bytes: p, count: lanes)
    store(b.max(least), bytes: p + stride, count: lanes)
    store(c.max(least), bytes: p + 2 &* stride, count: lanes)
    store(d.max(least), bytes: p + 3 &* stride, count: lanes)
  }

  /// Values of any type as floats.
  @inlinable @inline(__always)
  static func loadFloats(_ p: UnsafeRawPointer, _ type: ActivationType, count: Int) -> Floats {
    if type == .f32 {
      let p = p.assumingMemoryBound(to: Float.self)
      return count == lanes ? Floats.load(p) : Floats.load(p, count: count)
    }
    return load(bytes: p, isSigned: type == .i8, count: count).floats()
  }

  /// Stores floats, or, rounded, 8-bit integers.
  @inlinable @inline(__always)
  static func storeFloats(_ x: Floats, _ p: UnsafeMutableRawPointer, _ type: ActivationType, count: Int) {
    if type == .f32 {
      let p = p.assumingMemoryBound(to: Float.self)
      if count == lanes { x.store(p) } else { x.store(p, count: count) }
    } else {
      store(x, bytes: p, count: count)
    }
  }
}
