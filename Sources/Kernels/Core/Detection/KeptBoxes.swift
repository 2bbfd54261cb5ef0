/// The boxes that non-maximum suppression has kept so far, coordinate by coordinate, so that a candidate is compared with several
/// at a time.
package struct KeptBoxes: ~Copyable {
  private let coordinates: UnsafeMutablePointer<Float>
  private let capacity: Int
  package private(set) var count = 0

  /// Room for `capacity` boxes.
  package init(capacity: Int) {
    self.capacity = (capacity + 15) / 16 * 16
    coordinates = .allocate(capacity: Swift.max(1, 5 * self.capacity))
    // What stands behind the last box is compared too: boxes without area overlap nothing.
    coordinates.initialize(repeating: 0, count: Swift.max(1, 5 * self.capacity))
  }

  deinit { coordinates.deallocate() }

  package mutating func removeAll() {
    coordinates.initialize(repeating: 0, count: 5 &* capacity)
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
    let area = (x2 - x1) * (y2 - y1)
    let least = isExclusive ? threshold : threshold.nextUp
    var first = 0
    while first < count {
      let p = coordinates + first
      var hits: UInt32 = 0
      for i in 0..<16 {
        let (u1, v1, u2, v2) = (p[i], p[capacity &+ i], p[2 &* capacity &+ i], p[3 &* capacity &+ i])
        let other = p[4 &* capacity &+ i]
        let width = (x2 < u2 ? x2 : u2) - (x1 > u1 ? x1 : u1)
        let height = (y2 < v2 ? y2 : v2) - (y1 > v1 ? y1 : v1)
        let shared = (width > 0 ? width : 0) * (height > 0 ? height : 0)
        let ratio = area > 0 && other > 0 ? shared / (area + other - shared) : 0
        hits |= ratio >= least && first &+ i < count ? 1 : 0
      }
      if hits != 0 { return true }
      first &+= 16
    }
    return false
  }
}
