/// How a register of the output's channels is read from the input.
@usableFromInline package protocol DepthwiseInput {
  associatedtype Vector: FloatVector

  init(_ rows: UnsafePointer<DepthwiseRows>)
  /// The input's channel that the output's first channel of a register is made of.
  func first(of channel: Int) -> Int
  /// The values of `count` of the output's channels, all of a register's where `isWhole`; `p` is where the first one's is.
  func load(_ p: UnsafePointer<Float>, count: Int, isWhole: Bool) -> Vector
}

/// Each of the output's channels has one of the input's.
@frozen @usableFromInline package struct SingleChannels<Vector: FloatVector>: DepthwiseInput {
  @inlinable @inline(__always) package init(_: UnsafePointer<DepthwiseRows>) {}
  @inlinable @inline(__always) package func first(of channel: Int) -> Int { channel }
  @inlinable @inline(__always) package func load(_ p: UnsafePointer<Float>, count: Int, isWhole: Bool) -> Vector {
    isWhole ? .load(p) : .load(p, count: count)
  }
}

/// Each of the input's channels makes ``DepthwiseRows/multiplier`` of the output's, of which a register holds all.
@frozen @usableFromInline package struct RepeatedChannels<Vector: PermutableVector>: DepthwiseInput {
  @usableFromInline let shift: Int
  /// The input's channels of a register.
  @usableFromInline let count: Int
  @usableFromInline let places: Vector.Places

  @inlinable @inline(__always) package init(_ rows: UnsafePointer<DepthwiseRows>) {
    shift = rows.pointee.multiplier.trailingZeroBitCount
    count = Vector.lanes &>> shift
    places = Vector.places(shift: shift)
  }
  @inlinable @inline(__always) package func first(of channel: Int) -> Int { channel &>> shift }
  @inlinable @inline(__always) package func load(_ p: UnsafePointer<Float>, count: Int, isWhole: Bool) -> Vector {
    Vector.load(p, count: isWhole ? self.count : (count &+ 1 &<< shift &- 1) &>> shift).permuted(places)
  }
}
