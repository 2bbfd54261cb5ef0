// What operators ask of their operands before they infer anything.

extension Operands {
  /// The extents of an operand of a fixed rank; unknown ones when its rank is unknown.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when it has another rank.
  func extents(_ index: Int, rank: Int, _ name: String) throws -> [Dimension] {
    guard let dimensions = shape(index).dimensions else { return [Dimension](repeating: .dynamic, count: rank) }
    guard dimensions.count == rank else {
      throw OVError(.invalidModel, "\(name) has the shape \(shape(index))", suggestion: "it must have rank \(rank)")
    }
    return dimensions
  }

  /// The element type that several operands share.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when two differ.
  func commonElementType(of indices: [Int]) throws -> ElementType {
    var known: Int?
    for index in indices where elementType(index) != .dynamic {
      guard let first = known else {
        known = index
        continue
      }
      guard elementType(index) == elementType(first) else {
        throw OVError(
          .invalidModel, "inputs \(first) and \(index) have the element types \(elementType(first)) and \(elementType(index))",
          suggestion: "insert a Convert")
      }
    }
    return known.map { elementType($0) } ?? .dynamic
  }

  /// The real element type that several operands share.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when two differ, or when it is not a floating-point type.
  func commonRealType(of indices: [Int]) throws -> ElementType {
    let type = try commonElementType(of: indices)
    guard type.isFloatingPoint || type == .dynamic else {
      throw OVError(
        .invalidModel, "input \(indices[0]) has the element type \(type)", suggestion: "the operation takes floating-point numbers")
    }
    return type
  }

  /// Checks that an operand holds integers.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when it does not.
  func requireInteger(_ index: Int, _ name: String) throws {
    guard elementType(index).isInteger || elementType(index) == .dynamic else {
      throw OVError(.invalidModel, "\(name) has the element type \(elementType(index))", suggestion: "it must hold integers")
    }
  }
}

extension Dimension {
  /// What is known of an extent that two operands share.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when they contradict each other.
  func agreeing(with other: Dimension, _ name: String) throws -> Dimension {
    guard let merged = merged(with: other) else {
      throw OVError(.invalidModel, "the operands disagree about \(name): \(self) and \(other)")
    }
    return merged
  }

  /// The extents that two operands share, by position.
  static func agreeing(_ a: [Dimension], _ b: [Dimension], _ name: String) throws -> [Dimension] {
    precondition(a.count == b.count, "shapes of one rank")
    return try zip(a, b).map { try $0.agreeing(with: $1, name) }
  }
}
