/// The extents of a tensor, outermost first. A scalar's shape is empty.
public typealias Shape = [Int]

extension [Int] {
  /// The number of elements of a tensor of this shape; `nil` when an extent is negative or the product overflows.
  public var checkedElementCount: Int? {
    var count = 1
    var overflows = false
    for extent in self {
      guard extent >= 0 else { return nil }
      if extent == 0 { return 0 }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      overflows = overflows || overflow
      count = product
    }
    return overflows ? nil : count
  }
}

/// One extent of a ``PartialShape``: a number, or an interval it will lie in.
public struct Dimension: Hashable, Sendable {
  /// The least value, 0 or more.
  public let lowerBound: Int
  /// The greatest value; `nil` when there is no limit.
  public let upperBound: Int?

  /// An extent that is known.
  ///
  /// - Precondition: `length` is not negative.
  public init(_ length: Int) {
    precondition(length >= 0, "a dimension is never negative")
    lowerBound = length
    upperBound = length
  }

  /// An extent in `lowerBound...upperBound`.
  ///
  /// - Precondition: the bounds are ordered and not negative.
  public init(lowerBound: Int, upperBound: Int?) {
    precondition(lowerBound >= 0 && upperBound ?? Int.max >= lowerBound, "a dimension's bounds are ordered")
    self.lowerBound = lowerBound
    self.upperBound = upperBound
  }

  /// An extent of which nothing is known: `?`.
  public static let dynamic = Dimension(lowerBound: 0, upperBound: nil)

  /// The extent when it is known.
  public var length: Int? { lowerBound == upperBound ? lowerBound : nil }

  /// Whether the extent is known.
  public var isStatic: Bool { length != nil }

  /// Whether `length` lies within the bounds.
  public func contains(_ length: Int) -> Bool { length >= lowerBound && length <= upperBound ?? Int.max }

  /// What is known when both dimensions describe the same extent; `nil` when they contradict each other.
  public func merged(with other: Dimension) -> Dimension? {
    let lower = max(lowerBound, other.lowerBound)
    let upper =
      switch (upperBound, other.upperBound) {
      case (let a?, let b?): Optional(min(a, b))
      case (let a, let b): a ?? b
      }
    return lower <= upper ?? Int.max ? Dimension(lowerBound: lower, upperBound: upper) : nil
  }
}

extension Dimension: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
}

extension Dimension: CustomStringConvertible {
  /// The IR's spelling: `3`, `?`, `1..10`, `2..`.
  public var description: String {
    if let length { return String(length) }
    if self == .dynamic { return "?" }
    return "\(lowerBound).." + (upperBound.map(String.init) ?? "")
  }
}

/// A shape of which some extents, or the rank itself, may be unknown.
public struct PartialShape: Hashable, Sendable {
  /// The extents; `nil` when the rank is unknown.
  public var dimensions: [Dimension]?

  /// A shape of known rank.
  public init(_ dimensions: [Dimension]) { self.dimensions = dimensions }

  /// A shape of which everything is known.
  ///
  /// - Precondition: no extent is negative.
  public init(_ shape: Shape) { dimensions = shape.map { Dimension($0) } }

  private init(dimensions: [Dimension]?) { self.dimensions = dimensions }

  /// A shape of unknown rank: `...`.
  public static let dynamic = PartialShape(dimensions: nil)

  /// A shape of `rank` unknown extents.
  public static func dynamic(rank: Int) -> PartialShape {
    PartialShape([Dimension](repeating: .dynamic, count: rank))
  }

  /// The number of dimensions; `nil` when unknown.
  public var rank: Int? { dimensions?.count }

  /// The shape when every extent is known.
  public var shape: Shape? {
    guard let dimensions else { return nil }
    var shape = Shape()
    shape.reserveCapacity(dimensions.count)
    for dimension in dimensions {
      guard let length = dimension.length else { return nil }
      shape.append(length)
    }
    return shape
  }

  /// Whether every extent is known.
  public var isStatic: Bool { shape != nil }

  /// Whether a tensor of this shape fits what is known.
  public func accepts(_ shape: Shape) -> Bool {
    guard let dimensions else { return true }
    return dimensions.count == shape.count && zip(dimensions, shape).allSatisfy { $0.contains($1) }
  }

  /// What is known when both shapes describe the same tensor; `nil` when they contradict each other.
  public func merged(with other: PartialShape) -> PartialShape? {
    guard let mine = dimensions else { return other }
    guard let theirs = other.dimensions else { return self }
    guard mine.count == theirs.count else { return nil }
    var merged: [Dimension] = []
    for (a, b) in zip(mine, theirs) {
      guard let dimension = a.merged(with: b) else { return nil }
      merged.append(dimension)
    }
    return PartialShape(merged)
  }
}

extension PartialShape: CustomStringConvertible {
  /// The extents in brackets: `[?,3,224,224]`; `[...]` when the rank is unknown.
  public var description: String {
    guard let dimensions else { return "[...]" }
    return "[" + dimensions.map(\.description).joined(separator: ",") + "]"
  }
}
