// Rules of shape arithmetic that many operators share.

extension PartialShape {
  /// NumPy broadcasting: shapes aligned at their last dimension, extents equal or 1.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when no broadcast exists.
  package static func broadcast(_ a: PartialShape, _ b: PartialShape) throws -> PartialShape {
    guard let a = a.dimensions, let b = b.dimensions else { return .dynamic }
    let rank = Swift.max(a.count, b.count)
    var result: [Dimension] = []
    for i in 0..<rank {
      let x = i < rank - a.count ? 1 : a[i - (rank - a.count)]
      let y = i < rank - b.count ? 1 : b[i - (rank - b.count)]
      guard let dimension = Dimension.broadcast(x, y) else {
        throw OVError(
          .invalidModel, "the shapes \(PartialShape(a)) and \(PartialShape(b)) cannot be broadcast against each other",
          suggestion: "extents must be equal or 1, aligned at the last dimension")
      }
      result.append(dimension)
    }
    return PartialShape(result)
  }

  /// PaddlePaddle broadcasting: `b` is aligned within `a` at `axis` (−1: at the end of `a`), its trailing ones dropped; the
  /// result has the shape of `a`.
  package static func paddleBroadcast(_ a: PartialShape, _ b: PartialShape, axis: Int) throws -> PartialShape {
    guard let x = a.dimensions, let y = b.dimensions else { return a }
    let start = axis == -1 ? x.count - y.count : axis
    var count = y.count
    while count > 0, y[count - 1].length == 1, start + count > x.count || axis != -1 { count -= 1 }
    guard start >= 0, start + count <= x.count else {
      throw OVError(.invalidModel, "the shape \(b) does not fit \(a) at axis \(axis)")
    }
    for i in 0..<count where Dimension.broadcast(x[start + i], y[i]) == nil {
      throw OVError(.invalidModel, "the shape \(b) does not fit \(a) at axis \(axis)")
    }
    return a
  }
}

extension Dimension {
  /// The extent that two extents broadcast to; `nil` when they are known to differ and neither is 1.
  static func broadcast(_ a: Dimension, _ b: Dimension) -> Dimension? {
    if a.length == 1 { return b }
    if b.length == 1 { return a }
    if a.lowerBound > 1 && b.lowerBound > 1 { return a.merged(with: b) }
    if a.lowerBound > 1 { return b.contains(1) || b.merged(with: a) != nil ? a : nil }
    if b.lowerBound > 1 { return a.contains(1) || a.merged(with: b) != nil ? b : nil }
    // Both may be 1: the greater one's bounds hold.
    let upper = a.upperBound.flatMap { x in b.upperBound.map { Swift.max(x, $0) } }
    return Dimension(lowerBound: Swift.min(a.lowerBound, b.lowerBound), upperBound: upper)
  }

  /// Applies a monotone function to both bounds.
  package func map(_ f: (Int) -> Int) -> Dimension {
    let lower = Swift.max(0, f(lowerBound))
    return Dimension(lowerBound: lower, upperBound: upperBound.map { Swift.max(lower, f($0)) })
  }

  /// The extent of two pieces laid end to end.
  package static func + (a: Dimension, b: Dimension) -> Dimension {
    func add(_ x: Int, _ y: Int) -> Int { x.addingReportingOverflow(y).overflow ? Int.max : x + y }
    return Dimension(
      lowerBound: add(a.lowerBound, b.lowerBound), upperBound: a.upperBound.flatMap { x in b.upperBound.map { add(x, $0) } })
  }

  /// The extent of `b` pieces of extent `a`.
  package static func * (a: Dimension, b: Dimension) -> Dimension {
    func multiply(_ x: Int, _ y: Int) -> Int {
      let (product, overflow) = x.multipliedReportingOverflow(by: y)
      return overflow ? Int.max : product
    }
    return Dimension(
      lowerBound: multiply(a.lowerBound, b.lowerBound),
      upperBound: a.upperBound.flatMap { x in b.upperBound.map { multiply(x, $0) } })
  }
}

/// `axis` counted from the front; negative axes count from the end.
///
/// - Throws: ``OVError/Code/invalidModel`` when it lies outside −rank..<rank.
package func normalizedAxis(_ axis: Int, rank: Int) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw OVError(
      .invalidModel, "axis \(axis) is out of range", suggestion: "an axis of a rank \(rank) tensor lies in \(-rank)...\(rank - 1)")
  }
  return axis < 0 ? axis + rank : axis
}

/// `axes` counted from the front, in the order given.
///
/// - Throws: ``OVError/Code/invalidModel`` when one lies outside −rank..<rank or stands twice.
package func normalizedAxes(_ axes: [Int], rank: Int) throws -> [Int] {
  let normalized = try axes.map { try normalizedAxis($0, rank: rank) }
  guard Set(normalized).count == normalized.count else { throw OVError(.invalidModel, "an axis stands twice among \(axes)") }
  return normalized
}

extension [Int] {
  /// The distance in elements between neighbours along each axis of a dense row-major tensor of this shape.
  package var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: count)
    for axis in stride(from: count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] &* Swift.max(1, self[axis + 1]) }
    return strides
  }

  /// The product of the extents.
  ///
  /// - Precondition: the product is representable.
  package var elementCount: Int { contains(0) ? 0 : reduce(1, *) }

  /// Calls `body` with each index of a tensor of this shape, last axis fastest.
  package func forEachIndex(_ body: ([Int]) throws -> Void) rethrows {
    if contains(0) { return }
    var index = [Int](repeating: 0, count: count)
    while true {
      try body(index)
      var axis = count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < self[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// For each element of a tensor of this shape in row-major order, the offset of the element of a tensor with these strides
  /// (one an axis; 0 repeats).
  package func offsets(strides: [Int]) -> [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(elementCount)
    if contains(0) { return offsets }
    offsets.append(0)
    // The offsets of the axes seen so far, repeated for each step along the next outer one.
    for axis in indices.reversed() {
      let inner = offsets
      for step in 1..<Swift.max(1, self[axis]) {
        let base = step * strides[axis]
        for offset in inner { offsets.append(base + offset) }
      }
    }
    return offsets
  }

  /// The strides with which a row-major tensor of this shape is read as one of shape `target`: 0 along broadcast axes.
  ///
  /// - Precondition: this shape broadcasts to `target`.
  package func broadcastStrides(to target: Shape) -> [Int] {
    let own = rowMajorStrides
    let missing = target.count - count
    return target.indices.map { axis in
      axis < missing || self[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }
}
