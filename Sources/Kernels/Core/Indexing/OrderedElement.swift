/// An element with keys that compare as it does: NaN is above all numbers, zeros of either sign are equal.
@usableFromInline package protocol OrderedElement: BitwiseCopyable {
  /// What keys of these elements are relative to, so that 32 bits tell them apart; nil where none do.
  static func keyOrigin(_ elements: UnsafePointer<Self>, rows: Int, stride: Int, columns: Int) -> Int64?
  func orderKey(_ origin: Int64) -> UInt32
  /// The only element that has a key; nil where several have.
  init?(orderKey: UInt32, origin: Int64)
  /// A key for all elements of the type.
  var wideOrderKey: UInt64 { get }
}

extension OrderedElement {
  @inlinable @inline(__always) package static func keyOrigin(_: UnsafePointer<Self>, rows: Int, stride: Int, columns: Int) -> Int64? { 0 }
  @inlinable @inline(__always) package var wideOrderKey: UInt64 { UInt64(orderKey(0)) }
}

/// The key of a float by its bits, `infinity` those without a sign of the greatest number.
@inlinable @inline(__always) func floatOrderKey(sign: Int32, magnitude: Int32, infinity: Int32) -> UInt32 {
  let number = (magnitude ^ sign) &- sign
  return UInt32(bitPattern: magnitude > infinity ? .max : number) ^ 0x8000_0000
}

extension Float: OrderedElement {
  @inlinable @inline(__always) package func orderKey(_: Int64) -> UInt32 {
    let bits = Int32(bitPattern: bitPattern)
    return floatOrderKey(sign: bits &>> 31, magnitude: bits & .max, infinity: 0x7f80_0000)
  }
  @inlinable @inline(__always) package init?(orderKey: UInt32, origin _: Int64) {
    let number = Int32(bitPattern: orderKey ^ 0x8000_0000)
    if number == 0 || number == .max { return nil }
    self.init(bitPattern: number < 0 ? UInt32(bitPattern: 0 &- number) | 0x8000_0000 : UInt32(bitPattern: number))
  }
}

extension Float16: OrderedElement {
  @inlinable @inline(__always) package func orderKey(_: Int64) -> UInt32 {
    let bits = Int32(Int16(bitPattern: bitPattern))
    return floatOrderKey(sign: bits &>> 31, magnitude: bits & 0x7fff, infinity: 0x7c00)
  }
  @inlinable @inline(__always) package init?(orderKey: UInt32, origin _: Int64) {
    let number = Int32(bitPattern: orderKey ^ 0x8000_0000)
    if number == 0 || number == .max { return nil }
    self.init(bitPattern: number < 0 ? UInt16(truncatingIfNeeded: 0 &- number) | 0x8000 : UInt16(truncatingIfNeeded: number))
  }
}

extension Int32: OrderedElement {
  @inlinable @inline(__always) package func orderKey(_: Int64) -> UInt32 { UInt32(bitPattern: self) ^ 0x8000_0000 }
  @inlinable @inline(__always) package init?(orderKey: UInt32, origin _: Int64) { self.init(bitPattern: orderKey ^ 0x8000_0000) }
}

extension Int64: OrderedElement {
  @inlinable @inline(__always) package static func keyOrigin(
    _ elements: UnsafePointer<Int64>, rows: Int, stride: Int, columns: Int
  ) -> Int64? {
    var (least, greatest) = (elements[0], elements[0])
    for row in 0..<rows {
      for column in 0..<columns {
        let x = elements[row &* stride &+ column]
        least = x < least ? x : least
        greatest = x > greatest ? x : greatest
      }
    }
    return UInt64(bitPattern: greatest &- least) >> 32 == 0 ? least : nil
  }
  @inlinable @inline(__always) package func orderKey(_ origin: Int64) -> UInt32 { UInt32(truncatingIfNeeded: self &- origin) }
  @inlinable @inline(__always) package init?(orderKey: UInt32, origin: Int64) { self = origin &+ Int64(orderKey) }
  @inlinable @inline(__always) package var wideOrderKey: UInt64 { UInt64(bitPattern: self) ^ (1 &<< 63) }
}
