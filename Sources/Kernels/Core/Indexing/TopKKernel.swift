/// Writes the order keys of `count` elements, their bits flipped where `flip`'s are set.
@usableFromInline package typealias OrderKeysFunction =
  @Sendable (
    _ element: KernelElement, _ elements: UnsafeRawPointer, _ origin: Int64, _ flip: UInt32, _ keys: UnsafeMutablePointer<Int32>,
    _ count: Int
  ) -> Void

/// Inserts a row of keys, that of index `index`, where it belongs among the least of each column.
///
/// `slots` are `count` rows of `width` keys, the least first, then as many of their indices; `filled` of them hold something. What was
/// there before stands before what is equal. `width` is a multiple of ``insertedLanes``.
@usableFromInline package typealias InsertKeysFunction =
  @Sendable (_ keys: UnsafePointer<Int32>, _ index: Int32, _ slots: UnsafeMutablePointer<Int32>, _ count: Int, _ filled: Int, _ width: Int)
  -> Void

/// The same for a row of floats, as many as `width`, whose keys' bits are flipped where `flip`'s are set, or, where all slots hold
/// something, for ``insertedRows`` rows that lie `stride` floats apart.
@usableFromInline package typealias InsertFloatsFunction =
  @Sendable (
    _ floats: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ flip: UInt32, _ index: Int32, _ slots: UnsafeMutablePointer<Int32>,
    _ count: Int, _ filled: Int,
    _ width: Int
  ) -> Void

/// The least of `count` keys.
@usableFromInline package typealias LeastKeyFunction = @Sendable (_ keys: UnsafePointer<Int32>, _ count: Int) -> Int32

/// What ``TopKPlan`` leaves to instruction sets.
@usableFromInline package typealias TopKFunctions = (
  keys: OrderKeysFunction, insert: InsertKeysFunction, insertFloats: InsertFloatsFunction, least: LeastKeyFunction
)

/// Columns that keys are inserted in at a time.
@inlinable @inline(__always) package var insertedLanes: Int { 8 }

/// Rows that may be inserted at a time.
@inlinable @inline(__always)
package var insertedRows: Int { 4 }

/// A row of the table of ``TopKFunctions``.
package struct TopKKernel: KernelDescriptor {
  private let target: String
  package let requires: CPUFeatures
  let keys: OrderKeysFunction
  let insert: InsertKeysFunction
  let insertFloats: InsertFloatsFunction
  let least: LeastKeyFunction

  package init(
    target: String, requires: CPUFeatures, functions: TopKFunctions
  ) {
    self.target = target
    self.requires = requires
    (keys, insert, insertFloats, least) = functions
  }

  package var name: String { "topk_\(target)" }
  /// The name of what orders elements of a type.
  package func name(_ element: KernelElement) -> String { "topk_\(element.rawValue)_\(target)" }
}

/// The functions of ``TopKKernel``; the vector type only keeps the instruction sets' code apart.
@inlinable @inline(__always) package func topKFunctions<V: FloatVector>(
  _: V.Type
) -> TopKFunctions {
  (
    { element, elements, origin, flip, keys, count in
      @inline(__always) func write<T: OrderedElement>(_: T.Type) {
        let elements = elements.assumingMemoryBound(to: T.self)
        for i in 0..<count { keys[i] = Int32(bitPattern: elements[i].orderKey(origin) ^ flip) }
      }
      switch element {
      case .f32: write(Float.self)
      case .f16: write(Float16.self)
      case .i32: write(Int32.self)
      default: write(Int64.self)
      }
    },
    { keys, index, slots, count, filled, width in
      insertRows(V.self, FixedCount<1>.self, index, slots, count, filled, width) { _, column in
        UnsafeRawPointer(keys + column).loadUnaligned(as: SIMD8<Int32>.self)
      }
    },
    { floats, stride, rows, flip, index, slots, count, filled, width in
      if rows == insertedRows {
        insertRows(V.self, FixedCount<4>.self, index, slots, count, filled, width) { floatKeys(floats + ($0 &* stride &+ $1), flip) }
      } else {
        insertRows(V.self, FixedCount<1>.self, index, slots, count, filled, width) { floatKeys(floats + $1, flip) }
      }
    },
    { keys, count in
      var least = Int32.max
      for i in 0..<count { least = keys[i] < least ? keys[i] : least }
      return least
    }
  )
}

/// The order keys of floats, as signed numbers, their bits flipped where `flip`'s are set.
@inlinable @inline(__always)
func floatKeys(_ floats: UnsafePointer<Float>, _ flip: UInt32) -> SIMD8<Int32> {
  typealias Lanes = SIMD8<Int32>
  let bits = UnsafeRawPointer(floats).loadUnaligned(as: Lanes.self)
  let sign = bits &>> Lanes(repeating: 31)
  let magnitude = bits & Lanes(repeating: .max)
  let number = (magnitude ^ sign) &- sign
  let isNumber = magnitude .<= Lanes(repeating: 0x7f80_0000)
  return Lanes(repeating: .max).replacing(with: number, where: isNumber) ^ Lanes(repeating: Int32(bitPattern: flip))
}

/// A number that is known where a function is compiled.
@usableFromInline enum FixedCount<let count: Int> {}

/// Inserts rows, whose keys `load` reads from a column on, as ``InsertKeysFunction`` says. More than one only where all slots hold
/// something.
@inlinable @inline(__always)
func insertRows<V: FloatVector, let rows: Int>(
  _: V.Type, _: FixedCount<rows>.Type, _ index: Int32, _ slots: UnsafeMutablePointer<Int32>, _ count: Int, _ filled: Int, _ width: Int,
  key load: (_ row: Int, _ column: Int) -> SIMD8<Int32>
) {
  typealias Lanes = SIMD8<Int32>
  let (places, otherPlaces) = (UnsafeMutableRawPointer(slots), UnsafeMutableRawPointer(slots + count &* width))
  // While many rows have something better it takes longer to find out.
  let skips = Int(index) >= 64 &* count
  for column in stride(from: 0, to: width, by: insertedLanes) {
    var keys = InlineArray<rows, Lanes>(repeating: Lanes(repeating: 0))
    var numbers = InlineArray<rows, Lanes>(repeating: Lanes(repeating: 0))
    var isDisplaced = InlineArray<rows, SIMDMask<Lanes>>(repeating: SIMDMask<Lanes>(repeating: false))
    for row in 0..<rows {
      keys[unchecked: row] = load(row, column)
      numbers[unchecked: row] = Lanes(repeating: index &+ Int32(truncatingIfNeeded: row))
    }
    if skips {
      let worst = (places + 4 &* ((count &- 1) &* width &+ column)).loadUnaligned(as: Lanes.self)
      var isBetter = keys[unchecked: 0] .< worst
      for row in 1..<rows { isBetter .|= keys[unchecked: row] .< worst }
      if hasNone(isBetter) { continue }
    }
    for slot in 0..<filled {
      let (place, otherPlace) = (places + 4 &* (slot &* width &+ column), otherPlaces + 4 &* (slot &* width &+ column))
      var (best, number) = (place.loadUnaligned(as: Lanes.self), otherPlace.loadUnaligned(as: Lanes.self))
      for row in 0..<rows {
        let (other, otherNumber) = (keys[unchecked: row], numbers[unchecked: row])
        let isBefore = other .< best
        // What was displaced stands before all that follow, before equal ones too.
        isDisplaced[unchecked: row] .|= isBefore
        let mask = isDisplaced[unchecked: row]
        keys[unchecked: row] = other.replacing(with: best, where: isBefore)
        numbers[unchecked: row] = otherNumber.replacing(with: number, where: mask)
        best = best.replacing(with: other, where: isBefore)
        number = number.replacing(with: otherNumber, where: mask)
      }
      place.storeBytes(of: best, as: Lanes.self)
      otherPlace.storeBytes(of: number, as: Lanes.self)
    }
    if filled < count {
      (places + 4 &* (filled &* width &+ column)).storeBytes(of: keys[unchecked: 0], as: Lanes.self)
      (otherPlaces + 4 &* (filled &* width &+ column)).storeBytes(of: numbers[unchecked: 0], as: Lanes.self)
    }
  }
}

/// Whether a mask is clear in all lanes.
@inlinable @inline(__always)
func hasNone(_ mask: SIMDMask<SIMD8<Int32>>) -> Bool {
  let words = unsafeBitCast(mask, to: SIMD4<Int64>.self)
  let pair = words.lowHalf | words.highHalf
  return pair.x | pair.y == 0
}
