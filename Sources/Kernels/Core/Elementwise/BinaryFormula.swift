#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One function of two float vectors.
@usableFromInline package protocol BinaryFormula: SendableMetatype {
  static func apply<V: FloatVector>(_ a: V, _ b: V) -> V
}

/// One function of two elements; loops over it are left to the compiler to vectorise.
@usableFromInline package protocol ElementFormula: SendableMetatype {
  associatedtype Input: BitwiseCopyable
  associatedtype Output: BitwiseCopyable
  static func apply(_ a: Input, _ b: Input) -> Output
}

/// The formulas of ``BinaryOperation`` for 32-bit floats.
@usableFromInline package enum BinaryFormulas {
  @usableFromInline package enum Add: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { a + b }
  }
  @usableFromInline package enum Subtract: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { a - b }
  }
  @usableFromInline package enum Multiply: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { a * b }
  }
  @usableFromInline package enum Divide: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { a / b }
  }
  @usableFromInline package enum Maximum: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { V.select(a == a, a.max(b), a) }
  }
  @usableFromInline package enum Minimum: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { V.select(a == a, a.min(b), a) }
  }
  @usableFromInline package enum SquaredDifference: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { (a - b) * (a - b) }
  }
  @usableFromInline package enum PRelu: BinaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> V { V.select(a < V.zero(), a * b, a) }
  }
}

@usableFromInline package func scalarPower(_ a: Float, _ b: Float) -> Float { powf(a, b) }
@usableFromInline package func scalarMod(_ a: Float, _ b: Float) -> Float { fmodf(a, b) }
@usableFromInline package func scalarFloorMod(_ a: Float, _ b: Float) -> Float {
  let r = fmodf(a, b)
  return r != 0 && (r < 0) != (b < 0) ? r + b : r
}

/// An integer that can be divided by any other.
@usableFromInline package protocol DividedInteger: BitwiseCopyable {
  /// Rounded towards zero; what is divided by zero becomes zero, and the least number divided by −1 stays as it is.
  static func quotient(_ a: Self, _ b: Self) -> Self
  /// What that quotient leaves; nothing of what is divided by zero.
  static func remainder(_ a: Self, _ b: Self) -> Self
  /// What the quotient rounded down leaves.
  static func floorRemainder(_ a: Self, _ b: Self) -> Self
}

extension Int64: DividedInteger {
  @inlinable @inline(__always)
  package static func quotient(_ a: Int64, _ b: Int64) -> Int64 { b == 0 ? 0 : b == -1 ? 0 &- a : a / b }
  @inlinable @inline(__always)
  package static func remainder(_ a: Int64, _ b: Int64) -> Int64 { b == 0 || b == -1 ? 0 : a % b }
  @inlinable @inline(__always)
  package static func floorRemainder(_ a: Int64, _ b: Int64) -> Int64 {
    let r = remainder(a, b)
    return r != 0 && (r < 0) != (b < 0) ? r &+ b : r
  }
}

/// By way of numbers of 64 bits, of which registers hold several: a quotient that is no integer is farther from the next one than its
/// rounding error. No branches, which would keep loops from being vectorised.
extension Int32: DividedInteger {
  @inlinable @inline(__always)
  package static func quotient(_ a: Int32, _ b: Int32) -> Int32 {
    let exact = Double(a) / Double(b == 0 ? 1 : b)
    let number = Int32(exact > 2_147_483_647 ? 2_147_483_647 : exact)
    let quotient = b == -1 ? 0 &- a : number
    return b == 0 ? 0 : quotient
  }

  /// A divisor that leaves as much, and has a quotient of 32 bits.
  @inlinable @inline(__always)
  static func divisor(_ b: Int32) -> Double { Double(UInt32(bitPattern: b &+ 1) < 2 ? 1 : b) }

  @inlinable @inline(__always)
  package static func remainder(_ a: Int32, _ b: Int32) -> Int32 {
    let (number, divisor) = (Double(a), divisor(b))
    return Int32(number - Double(Int32(number / divisor)) * divisor)
  }
  @inlinable @inline(__always)
  package static func floorRemainder(_ a: Int32, _ b: Int32) -> Int32 {
    let (number, divisor) = (Double(a), divisor(b))
    let exact = number / divisor
    let whole = Double(Int32(exact))
    return Int32(number - (whole - (exact < whole ? 1 : 0)) * divisor)
  }
}

/// The formulas of ``BinaryOperation`` for elements that go one by one.
@usableFromInline package enum ElementFormulas {
  @usableFromInline package enum Power: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: Float, _ b: Float) -> Float { scalarPower(a, b) }
  }
  @usableFromInline package enum Mod: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: Float, _ b: Float) -> Float { scalarMod(a, b) }
  }
  @usableFromInline package enum FloorMod: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: Float, _ b: Float) -> Float { scalarFloorMod(a, b) }
  }
  @usableFromInline package enum Divide<T: DividedInteger>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { T.quotient(a, b) }
  }
  @usableFromInline package enum IntegerMod<T: DividedInteger>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { T.remainder(a, b) }
  }
  @usableFromInline package enum IntegerFloorMod<T: DividedInteger>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { T.floorRemainder(a, b) }
  }
  @usableFromInline package enum Add<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { a &+ b }
  }
  @usableFromInline package enum Subtract<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { a &- b }
  }
  @usableFromInline package enum Multiply<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { a &* b }
  }
  @usableFromInline package enum Maximum<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { a < b ? b : a }
  }
  @usableFromInline package enum Minimum<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { b < a ? b : a }
  }
  @usableFromInline package enum SquaredDifference<T: FixedWidthInteger & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> T { (a &- b) &* (a &- b) }
  }
  @usableFromInline package enum Equal<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a == b ? 1 : 0 }
  }
  @usableFromInline package enum NotEqual<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a != b ? 1 : 0 }
  }
  @usableFromInline package enum Less<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a < b ? 1 : 0 }
  }
  @usableFromInline package enum LessEqual<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a <= b ? 1 : 0 }
  }
  @usableFromInline package enum Greater<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a > b ? 1 : 0 }
  }
  @usableFromInline package enum GreaterEqual<T: Comparable & BitwiseCopyable>: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: T, _ b: T) -> UInt8 { a >= b ? 1 : 0 }
  }
  @usableFromInline package enum LogicalAnd: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: UInt8, _ b: UInt8) -> UInt8 { a != 0 && b != 0 ? 1 : 0 }
  }
  @usableFromInline package enum LogicalOr: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: UInt8, _ b: UInt8) -> UInt8 { a | b != 0 ? 1 : 0 }
  }
  @usableFromInline package enum LogicalXor: ElementFormula {
    @inlinable @inline(__always)
    package static func apply(_ a: UInt8, _ b: UInt8) -> UInt8 { (a != 0) != (b != 0) ? 1 : 0 }
  }
}
