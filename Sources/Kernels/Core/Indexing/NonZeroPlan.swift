/// The positions of the elements of a dense tensor that are not zero: for each axis a row of indices.
package struct NonZeroPlan: Sendable {
  private let shape: [Int]
  private let elementBytes: Int
  private let isFloatingPoint: Bool

  /// `elementBytes`: 1, 2, 4 or 8.
  /// `isFloatingPoint`: zeros may have a sign.
  package init(shape: [Int], elementBytes: Int, isFloatingPoint: Bool) {
    precondition([1, 2, 4, 8].contains(elementBytes))
    self.shape = shape
    self.elementBytes = elementBytes
    self.isFloatingPoint = isFloatingPoint
  }

  /// How many elements are not zero.
  package func count(_ input: UnsafeRawPointer) -> Int {
    switch elementBytes {
    case 1: count(UInt8.self, input)
    case 2: count(UInt16.self, input)
    case 4: count(UInt32.self, input)
    default: count(UInt64.self, input)
    }
  }

  /// Writes the indices: row `axis` of `output` begins at `axis * count`. There is at least one axis.
  package func run(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Int64>, count: Int) {
    switch elementBytes {
    case 1: run(UInt8.self, input, output, count)
    case 2: run(UInt16.self, input, output, count)
    case 4: run(UInt32.self, input, output, count)
    default: run(UInt64.self, input, output, count)
    }
  }

  /// The bits that tell zero from others.
  @inline(__always)
  private func mask<T: FixedWidthInteger>(_: T.Type) -> T { isFloatingPoint ? T.max >> 1 : T.max }

  @inline(__always)
  private func count<T: FixedWidthInteger & UnsignedInteger>(_: T.Type, _ input: UnsafeRawPointer) -> Int {
    let (elements, mask, total) = (input.assumingMemoryBound(to: T.self), mask(T.self), shape.reduce(1, *))
    var count = 0
    for i in 0..<total { count &+= elements[i] & mask != 0 ? 1 : 0 }
    return count
  }

  @inline(__always)
  private func run<T: FixedWidthInteger & UnsignedInteger>(
    _: T.Type, _ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Int64>, _ count: Int
  ) {
    let (elements, mask) = (input.assumingMemoryBound(to: T.self), mask(T.self))
    let width = shape[shape.count - 1]
    let columns = output + ((shape.count - 1) &* count)
    var found = 0
    var row = 0
    while found < count {
      let first = found
      let line = elements + (row &* width)
      for i in 0..<width where line[i] & mask != 0 {
        columns[found] = Int64(truncatingIfNeeded: i)
        found &+= 1
      }
      // The line's place along the other axes.
      var rest = row
      var axis = shape.count - 2
      while axis >= 0 && found > first {
        let index = Int64(truncatingIfNeeded: rest % shape[axis])
        rest /= shape[axis]
        let target = output + (axis &* count)
        for i in first..<found { target[i] = index }
        axis -= 1
      }
      row &+= 1
    }
  }
}
