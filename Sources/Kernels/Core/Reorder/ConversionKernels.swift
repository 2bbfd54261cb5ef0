/// Converts `count` consecutive elements; the two buffers do not overlap.
@usableFromInline package typealias ConversionFunction =
  @Sendable (_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ count: Int) -> Void

/// A conversion that has kernels.
///
/// Floats become integers by truncation, saturating at the range of 32 (64) bits, NaN becoming 0; narrower integers keep the low
/// bits of that. Floats are rounded to narrower floats to nearest, ties to even.
@usableFromInline package enum Conversion: String, CaseIterable, Sendable {
  case f16ToF32 = "f16_f32"
  case f32ToF16 = "f32_f16"
  case bf16ToF32 = "bf16_f32"
  case f32ToBF16 = "f32_bf16"
  case i32ToF32 = "i32_f32"
  case f32ToI32 = "f32_i32"
  case i64ToF32 = "i64_f32"
  case f32ToI64 = "f32_i64"
  case u8ToF32 = "u8_f32"
  case f32ToU8 = "f32_u8"
  case i8ToF32 = "i8_f32"
  case f32ToI8 = "f32_i8"
  case i32ToI64 = "i32_i64"
  case i64ToI32 = "i64_i32"

  /// The conversion between two of these types, if it is one of them.
  package init?(from source: KernelElement, to destination: KernelElement) {
    self.init(rawValue: "\(source.rawValue)_\(destination.rawValue)")
  }
}

/// A row of the table of conversion kernels.
package struct ConversionKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let conversion: Conversion
  package let run: ConversionFunction

  package init(name: String, requires: CPUFeatures, conversion: Conversion, run: @escaping ConversionFunction) {
    self.name = name
    self.requires = requires
    self.conversion = conversion
    self.run = run
  }
}

/// One conversion of one element; loops over it are left to the compiler to vectorise.
@usableFromInline package protocol ConversionFormula: SendableMetatype {
  associatedtype Source: BitwiseCopyable
  associatedtype Destination: BitwiseCopyable
  static func apply(_ x: Source) -> Destination
}

/// The formulas of ``Conversion``.
@usableFromInline package enum ConversionFormulas {
  /// bfloat16 is the upper half of a float.
  @usableFromInline package enum Widen: ConversionFormula {
    @inlinable @inline(__always)
    package static func apply(_ x: UInt16) -> Float { Float(bitPattern: UInt32(x) &<< 16) }
  }

  @usableFromInline package enum Narrow: ConversionFormula {
    @inlinable @inline(__always)
    package static func apply(_ x: Float) -> UInt16 {
      let bits = x.bitPattern
      let rounded = bits &+ 0x7fff &+ (bits &>> 16 & 1)
      // A NaN stays one, quiet, where rounding might carry it to infinity.
      return UInt16(truncatingIfNeeded: (bits & 0x7fff_ffff > 0x7f80_0000 ? bits | 0x0040_0000 : rounded) &>> 16)
    }
  }

  @usableFromInline package enum FromInteger<T: FixedWidthInteger & BitwiseCopyable>: ConversionFormula {
    @inlinable @inline(__always)
    package static func apply(_ x: T) -> Float { Float(x) }
  }

  /// By way of 32 bits.
  @usableFromInline package enum ToInteger<T: FixedWidthInteger & BitwiseCopyable>: ConversionFormula {
    @inlinable @inline(__always)
    package static func apply(_ x: Float) -> T {
      let number = x == x ? x : 0
      let low = number < -2_147_483_648 ? -2_147_483_648 : number
      let saturated = Int32(low > 2_147_483_520 ? 2_147_483_520 : low)
      return T(truncatingIfNeeded: number >= 2_147_483_648 ? .max : saturated)
    }
  }

  @usableFromInline package enum ToInteger64: ConversionFormula {
    @inlinable @inline(__always)
    package static func apply(_ x: Float) -> Int64 {
      let number = x == x ? x : 0
      if number >= 0x1p63 { return .max }
      return number < -0x1p63 ? .min : Int64(number)
    }
  }

  @usableFromInline
  package enum Resize<T: FixedWidthInteger & BitwiseCopyable, U: FixedWidthInteger & BitwiseCopyable>:
    ConversionFormula
  {
    @inlinable @inline(__always)
    package static func apply(_ x: T) -> U { U(truncatingIfNeeded: x) }
  }
}

/// The kernel of a conversion for a vector type's instruction set.
@inlinable @inline(__always)
package func conversionFunction<V: FloatVector>(_: V.Type, _ conversion: Conversion) -> ConversionFunction {
  switch conversion {
  case .f16ToF32: widenFunction(V.self)
  case .f32ToF16: narrowFunction(V.self)
  case .bf16ToF32: conversionFunction(V.self, ConversionFormulas.Widen.self)
  case .f32ToBF16: conversionFunction(V.self, ConversionFormulas.Narrow.self)
  case .i32ToF32: conversionFunction(V.self, ConversionFormulas.FromInteger<Int32>.self)
  case .f32ToI32: conversionFunction(V.self, ConversionFormulas.ToInteger<Int32>.self)
  case .i64ToF32: conversionFunction(V.self, ConversionFormulas.FromInteger<Int64>.self)
  case .f32ToI64: conversionFunction(V.self, ConversionFormulas.ToInteger64.self)
  case .u8ToF32: conversionFunction(V.self, ConversionFormulas.FromInteger<UInt8>.self)
  case .f32ToU8: conversionFunction(V.self, ConversionFormulas.ToInteger<UInt8>.self)
  case .i8ToF32: conversionFunction(V.self, ConversionFormulas.FromInteger<Int8>.self)
  case .f32ToI8: conversionFunction(V.self, ConversionFormulas.ToInteger<Int8>.self)
  case .i32ToI64: conversionFunction(V.self, ConversionFormulas.Resize<Int32, Int64>.self)
  case .i64ToI32: conversionFunction(V.self, ConversionFormulas.Resize<Int64, Int32>.self)
  }
}

/// The vector type only keeps the instruction sets' code apart.
@inlinable @inline(__always)
package func conversionFunction<V: FloatVector, F: ConversionFormula>(_: V.Type, _: F.Type) -> ConversionFunction {
  { source, destination, count in
    let from = source.assumingMemoryBound(to: F.Source.self)
    let to = destination.assumingMemoryBound(to: F.Destination.self)
    for i in 0..<count { to[i] = F.apply(from[i]) }
  }
}

@inlinable @inline(__always)
package func widenFunction<V: FloatVector>(_: V.Type) -> ConversionFunction {
  { source, destination, count in
    let from = source.assumingMemoryBound(to: Float16.self)
    let to = destination.assumingMemoryBound(to: Float.self)
    var i = 0
    while i &+ V.lanes <= count {
      V.load(from + i).store(to + i)
      i &+= V.lanes
    }
    if i < count { V.load(from + i, count: count &- i).store(to + i, count: count &- i) }
  }
}

@inlinable @inline(__always)
package func narrowFunction<V: FloatVector>(_: V.Type) -> ConversionFunction {
  { source, destination, count in
    let from = source.assumingMemoryBound(to: Float.self)
    let to = destination.assumingMemoryBound(to: Float16.self)
    var i = 0
    while i &+ V.lanes <= count {
      V.load(from + i).store(to + i)
      i &+= V.lanes
    }
    if i < count { V.load(from + i, count: count &- i).store(to + i, count: count &- i) }
  }
}
