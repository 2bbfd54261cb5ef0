/// `Count` registers that take each step together.
///
/// A formula's steps wait for each other, and a processor looks no further ahead than about a hundred of them: steps of several
/// registers in turn are closer together than the same formula of one register after the other.
@frozen @usableFromInline package struct RegisterGroup<Vector: FloatVector, let Count: Int>: FloatVector {
  @usableFromInline package typealias Mask = InlineArray<Count, Vector.Mask>

  @usableFromInline var registers: InlineArray<Count, Vector>

  @inlinable @inline(__always) init(_ register: (Int) -> Vector) { registers = InlineArray(register) }
  @inlinable @inline(__always) func map(_ step: (Vector) -> Vector) -> Self { Self { step(registers[unchecked: $0]) } }
  @inlinable @inline(__always) static func zip(_ a: Self, _ b: Self, _ step: (Vector, Vector) -> Vector) -> Self {
    Self { step(a.registers[unchecked: $0], b.registers[unchecked: $0]) }
  }
  @inlinable @inline(__always) static func compare(_ a: Self, _ b: Self, _ test: (Vector, Vector) -> Vector.Mask) -> Mask {
    Mask { test(a.registers[unchecked: $0], b.registers[unchecked: $0]) }
  }
  /// Lanes of register `i` among `count`.
  @inlinable @inline(__always) static func part(_ count: Int, _ i: Int) -> Int {
    Swift.max(0, Swift.min(Vector.lanes, count &- i &* Vector.lanes))
  }

  @inlinable @inline(__always) package static var lanes: Int { Count &* Vector.lanes }
  @inlinable @inline(__always) package static func zero() -> Self { Self { _ in .zero() } }
  @inlinable @inline(__always) package static func splat(_ x: Float) -> Self { Self { _ in .splat(x) } }
  @inlinable @inline(__always) package static func load(_ p: UnsafePointer<Float>) -> Self { Self { .load(p + $0 &* Vector.lanes) } }
  @inlinable @inline(__always) package static func load(_ p: UnsafePointer<Float>, count: Int) -> Self {
    Self { .load(p + $0 &* Vector.lanes, count: part(count, $0)) }
  }
  @inlinable @inline(__always) package static func load(_ p: UnsafePointer<Float16>) -> Self { Self { .load(p + $0 &* Vector.lanes) } }
  @inlinable @inline(__always) package static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self {
    Self { .load(p + $0 &* Vector.lanes, count: part(count, $0)) }
  }
  @inlinable @inline(__always) package func store(_ p: UnsafeMutablePointer<Float>) {
    for i in 0..<Count { registers[unchecked: i].store(p + i &* Vector.lanes) }
  }
  @inlinable @inline(__always) package func store(_ p: UnsafeMutablePointer<Float>, count: Int) {
    for i in 0..<Count { registers[unchecked: i].store(p + i &* Vector.lanes, count: Self.part(count, i)) }
  }
  @inlinable @inline(__always) package func store(_ p: UnsafeMutablePointer<Float16>) {
    for i in 0..<Count { registers[unchecked: i].store(p + i &* Vector.lanes) }
  }
  @inlinable @inline(__always) package func store(_ p: UnsafeMutablePointer<Float16>, count: Int) {
    for i in 0..<Count { registers[unchecked: i].store(p + i &* Vector.lanes, count: Self.part(count, i)) }
  }

  @inlinable @inline(__always) package static func + (a: Self, b: Self) -> Self { zip(a, b) { $0 + $1 } }
  @inlinable @inline(__always) package static func - (a: Self, b: Self) -> Self { zip(a, b) { $0 - $1 } }
  @inlinable @inline(__always) package static func * (a: Self, b: Self) -> Self { zip(a, b) { $0 * $1 } }
  @inlinable @inline(__always) package static func / (a: Self, b: Self) -> Self { zip(a, b) { $0 / $1 } }
  @inlinable @inline(__always) package func fma(_ a: Self, _ b: Self) -> Self {
    Self { registers[unchecked: $0].fma(a.registers[unchecked: $0], b.registers[unchecked: $0]) }
  }
  @inlinable @inline(__always) package func min(_ other: Self) -> Self { Self.zip(self, other) { $0.min($1) } }
  @inlinable @inline(__always) package func max(_ other: Self) -> Self { Self.zip(self, other) { $0.max($1) } }
  @inlinable @inline(__always) package func squareRoot() -> Self { map { $0.squareRoot() } }
  @inlinable @inline(__always) package func roundedToNearestEven() -> Self { map { $0.roundedToNearestEven() } }
  @inlinable @inline(__always) package func roundedDown() -> Self { map { $0.roundedDown() } }
  @inlinable @inline(__always) package func withSign(of other: Self) -> Self { Self.zip(self, other) { $0.withSign(of: $1) } }
  @inlinable @inline(__always) package func magnitude() -> Self { map { $0.magnitude() } }
  @inlinable @inline(__always) package func lowestBitsAsExponent() -> Self { map { $0.lowestBitsAsExponent() } }
  @inlinable @inline(__always) package func negated(whereLowestBitOf other: Self) -> Self {
    Self.zip(self, other) { $0.negated(whereLowestBitOf: $1) }
  }
  @inlinable @inline(__always) package func splitExponent() -> (exponent: Self, significand: Self) {
    (map { $0.splitExponent().exponent }, map { $0.splitExponent().significand })
  }

  @inlinable @inline(__always) package static func < (a: Self, b: Self) -> Mask { compare(a, b) { $0 < $1 } }
  @inlinable @inline(__always) package static func <= (a: Self, b: Self) -> Mask { compare(a, b) { $0 <= $1 } }
  @inlinable @inline(__always) package static func == (a: Self, b: Self) -> Mask { compare(a, b) { $0 == $1 } }
  @inlinable @inline(__always) package static func first(_ count: Int) -> Mask { Mask { Vector.first(part(count, $0)) } }
  @inlinable @inline(__always) package static func isAnySet(_ mask: Mask) -> Bool {
    for i in 0..<Count where Vector.isAnySet(mask[unchecked: i]) { return true }
    return false
  }
  @inlinable @inline(__always) package static func isEverySet(_ mask: Mask) -> Bool {
    for i in 0..<Count where !Vector.isEverySet(mask[unchecked: i]) { return false }
    return true
  }
  @inlinable @inline(__always) package static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self {
    Self { Vector.select(mask[unchecked: $0], a.registers[unchecked: $0], b.registers[unchecked: $0]) }
  }

  @inlinable @inline(__always) package func sum() -> Float {
    var total = registers[unchecked: 0]
    for i in 1..<Count { total = total + registers[unchecked: i] }
    return total.sum()
  }
  @inlinable @inline(__always) package func maximum() -> Float {
    var greatest = registers[unchecked: 0]
    for i in 1..<Count { greatest = greatest.max(registers[unchecked: i]) }
    return greatest.maximum()
  }
}
