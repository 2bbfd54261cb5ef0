/// Whether the intersection over union of a box with one of `count` others is `least` or more, where `least` > 0.
///
/// `box` is x1, y1, x2, y2 and the area. The others lie coordinate by coordinate, `stride` floats apart, in the same order; what
/// stands behind them up to a multiple of ``KeptBoxes/granule`` has no area. Boxes without area overlap nothing.
@usableFromInline package typealias OverlapFunction =
  @Sendable (_ others: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ box: UnsafePointer<Float>, _ least: Float) -> Bool

/// A row of the table of overlap kernels.
package struct OverlapKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let run: OverlapFunction

  package init(name: String, requires: CPUFeatures, run: @escaping OverlapFunction) {
    self.name = name
    self.requires = requires
    self.run = run
  }
}

/// The overlap kernel for a vector type.
@inlinable @inline(__always)
package func overlapFunction<V: FloatVector>(_: V.Type) -> OverlapFunction {
  { others, stride, count, box, least in
    let (x1, y1, x2, y2, area) = (V.splat(box[0]), V.splat(box[1]), V.splat(box[2]), V.splat(box[3]), V.splat(box[4]))
    let zero = V.zero()
    @inline(__always) func ratio(_ p: UnsafePointer<Float>) -> V {
      let width = (x2.min(V.load(p + 2 &* stride)) - x1.max(V.load(p))).max(zero)
      let height = (y2.min(V.load(p + 3 &* stride)) - y1.max(V.load(p + stride))).max(zero)
      let shared = width * height
      let other = V.load(p + 4 &* stride)
      return V.select(zero < other, shared / (area + other - shared), zero)
    }
    if !(box[4] > 0) { return false }
    var first = 0
    while first < count {
      // Four registers to a look at what was found.
      var greatest = zero
      var i = first
      let end = Swift.min(first &+ 4 &* V.lanes, (count &+ 15) / 16 &* 16)
      while i < end {
        greatest = ratio(others + i).max(greatest)
        i &+= V.lanes
      }
      if greatest.maximum() >= least { return true }
      first = end
    }
    return false
  }
}

/// The boxes that non-maximum suppression has kept so far, coordinate by coordinate, so that a candidate is compared with several
/// at a time.
package struct KeptBoxes: ~Copyable {
  /// Boxes are compared in multiples of this.
  package static let granule = 16

  private let kernel: OverlapFunction
  private let coordinates: UnsafeMutablePointer<Float>
  private let capacity: Int
  package private(set) var count = 0

  /// Room for `capacity` boxes.
  package init(capacity: Int, _ kernel: OverlapKernel) {
    self.kernel = kernel.run
    self.capacity = (Swift.max(1, capacity) + KeptBoxes.granule - 1) / KeptBoxes.granule * KeptBoxes.granule
    coordinates = .allocate(capacity: 5 * self.capacity)
    // What stands behind the last box is compared too: boxes without area overlap nothing.
    coordinates.initialize(repeating: 0, count: 5 * self.capacity)
  }

  deinit { coordinates.deallocate() }

  package mutating func removeAll() {
    for axis in 0..<5 { (coordinates + axis &* capacity).update(repeating: 0, count: count) }
    count = 0
  }

  /// - Precondition: there is room.
  package mutating func append(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) {
    precondition(count < capacity)
    coordinates[count] = x1
    coordinates[capacity &+ count] = y1
    coordinates[2 &* capacity &+ count] = x2
    coordinates[3 &* capacity &+ count] = y2
    coordinates[4 &* capacity &+ count] = (x2 - x1) * (y2 - y1)
    count &+= 1
  }

  /// Whether the intersection over union with a kept box is above a threshold, or with `isExclusive` at it.
  package func overlap(
    _ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float, beyond threshold: Float, isExclusive: Bool
  ) -> Bool {
    let least = isExclusive ? threshold : threshold.nextUp
    // No overlap is below zero.
    if least <= 0 { return count > 0 }
    let box: InlineArray<5, Float> = [x1, y1, x2, y2, (x2 - x1) * (y2 - y1)]
    return withUnsafePointer(to: box) {
      kernel(coordinates, capacity, count, UnsafeRawPointer($0).assumingMemoryBound(to: Float.self), least)
    }
  }
}
