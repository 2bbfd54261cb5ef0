/// How scattering operations combine updates with what stands at their place.
enum ScatterReduction: String, CaseIterable {
  case none, sum, sub, prod, min, max, mean

  /// The data with blocks of `size` elements combined with the next block of the updates at each of `starts`. The data takes
  /// part itself where an update falls, unless `includesData` is false.
  func scatter(_ updates: Tensor, into data: Tensor, blocks starts: [Int], of size: Int, includesData: Bool = true) -> Tensor {
    let type = data.elementType
    if self == .none { return data.scattering(updates, blocks: starts, of: size) }
    if type.isFloatingPoint {
      let (values, counts) = combine(data.doubles(), updates.doubles(), starts, size, includesData) { real($0, $1) }
      return Tensor(type, shape: data.shape, doubles: mean(values, counts) { $0 / Double($1) })
    }
    if type == .u64 {
      func unsigned(_ tensor: Tensor) -> [UInt64] { tensor.int64s().map { UInt64(bitPattern: $0) } }
      let (values, counts) = combine(unsigned(data), unsigned(updates), starts, size, includesData) { integer($0, $1) }
      return Tensor(type, shape: data.shape, int64s: mean(values, counts) { $0 / UInt64($1) }.map { Int64(bitPattern: $0) })
    }
    let (values, counts) = combine(data.int64s(), updates.int64s(), starts, size, includesData) { integer($0, $1) }
    let means = mean(values, counts) { sum, count in
      // Means of integers are rounded down.
      let (quotient, rest) = sum.quotientAndRemainder(dividingBy: Int64(count))
      return rest < 0 ? quotient - 1 : quotient
    }
    return Tensor(type, shape: data.shape, int64s: means)
  }

  /// The combined numbers, and how many went into each.
  private func combine<Number>(
    _ data: [Number], _ updates: [Number], _ starts: [Int], _ size: Int, _ includesData: Bool, _ function: (Number, Number) -> Number
  ) -> (values: [Number], counts: [Int]) {
    var values = data
    var counts = [Int](repeating: includesData ? 1 : 0, count: data.count)
    for (i, start) in starts.enumerated() {
      for j in 0..<size {
        let (place, update) = (start + j, updates[i * size + j])
        values[place] = counts[place] == 0 ? update : function(values[place], update)
        counts[place] += 1
      }
    }
    return (values, counts)
  }

  /// The sums divided by how many numbers went into each, for the mean.
  private func mean<Number>(_ values: [Number], _ counts: [Int], _ divide: (Number, Int) -> Number) -> [Number] {
    self == .mean ? zip(values, counts).map { $1 > 1 ? divide($0, $1) : $0 } : values
  }

  private func real(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .none: b
    case .sum, .mean: a + b
    case .sub: a - b
    case .prod: a * b
    case .min: a < b || a.isNaN ? a : b
    case .max: a > b || a.isNaN ? a : b
    }
  }

  private func integer<Number: FixedWidthInteger>(_ a: Number, _ b: Number) -> Number {
    switch self {
    case .none: b
    case .sum, .mean: a &+ b
    case .sub: a &- b
    case .prod: a &* b
    case .min: Swift.min(a, b)
    case .max: Swift.max(a, b)
    }
  }
}

extension Node {
  /// The `reduction` attribute, one of those that the operation has.
  func scatterReduction(_ allowed: Set<ScatterReduction>) throws -> ScatterReduction {
    let reduction = try attributes.choice("reduction", default: ScatterReduction.none)
    guard allowed.contains(reduction) else {
      throw OVError(
        .invalidModel, "reduction is \(reduction.rawValue)",
        suggestion: "it can be " + ScatterReduction.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: ", "))
    }
    return reduction
  }
}
