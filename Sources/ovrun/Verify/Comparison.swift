import OVRuntime

/// What an output must fulfil to count as equal to the expected one.
struct Criterion {
  /// The largest error of real numbers, relative to the output's range: the largest magnitude among the expected finite numbers
  /// (1 when that is 0). `nil`: not limited.
  var tolerance: Double? = 1e-3
  /// The least cosine between numbers seen as vectors, `nil`: not limited. Integers then need not be equal.
  var cosine: Double?
}

/// How far an output is from what was expected.
struct Comparison {
  /// The largest error relative to the output's range; 0 for types that are compared exactly.
  var error = 0.0
  /// The cosine between both; 1 for types that have none.
  var cosine = 1.0
  /// Why the outputs do not count as equal.
  var failure: String?

  /// Compares an output with the tensor that a `.npy` file holds of the expected one. Element types and shapes must be the same,
  /// NaN equals NaN, an infinity equals itself; integers, booleans and strings must be equal.
  init(_ actual: Tensor, _ expected: Tensor, _ criterion: Criterion) {
    guard actual.elementType.npyType == expected.elementType, actual.shape == expected.shape else {
      failure = "expected \(expected.type), got \(actual.type)"
      return
    }
    switch actual.elementType {
    case .string:
      let pairs = zip(expected.strings, actual.strings).enumerated()
      failure = pairs.first { $1.0 != $1.1 }.map { Comparison.difference(at: $0, of: expected.shape, "\"\($1.0)\"", "\"\($1.1)\"") }
    case let type where type.isFloatingPoint:
      compareNumbers(actual.doubles(), expected.doubles(), expected.shape, criterion)
    case let type where type.isInteger && criterion.cosine != nil:
      compareNumbers(actual.doubles(), expected.doubles(), expected.shape, criterion)
    default:
      let isUnsigned = actual.elementType == .u64
      let pairs = zip(expected.int64s(), actual.int64s()).enumerated()
      failure = pairs.first { $1.0 != $1.1 }.map { index, pair in
        let texts = [pair.0, pair.1].map { isUnsigned ? String(UInt64(bitPattern: $0)) : String($0) }
        return Comparison.difference(at: index, of: expected.shape, texts[0], texts[1])
      }
    }
  }

  private mutating func compareNumbers(_ actual: [Double], _ expected: [Double], _ shape: Shape, _ criterion: Criterion) {
    var range = 0.0
    var worst = 0
    var largest = 0.0
    var (dot, squares, expectedSquares) = (0.0, 0.0, 0.0)
    for (index, (a, e)) in zip(actual, expected).enumerated() {
      if a == e || a.isNaN && e.isNaN {
        if e.isFinite { range = max(range, e.magnitude) }
      } else {
        guard a.isFinite, e.isFinite else {
          error = .infinity
          failure = Comparison.difference(at: index, of: shape, String(e), String(a))
          return
        }
        range = max(range, e.magnitude)
        if (a - e).magnitude > largest { (worst, largest) = (index, (a - e).magnitude) }
      }
      if a.isFinite && e.isFinite {
        dot += a * e
        squares += a * a
        expectedSquares += e * e
      }
    }
    error = largest / (range > 0 ? range : 1)
    let lengths = (squares * expectedSquares).squareRoot()
    cosine = lengths > 0 ? dot / lengths : squares == expectedSquares ? 1 : 0
    if let tolerance = criterion.tolerance, error > tolerance {
      let place = Comparison.difference(at: worst, of: shape, String(expected[worst]), String(actual[worst]))
      failure = "error \(error.significant(3)) of the range \(range.significant(4)), \(place)"
    } else if let least = criterion.cosine, cosine < least {
      failure = "cosine \(cosine.significant(6)), the least is \(least)"
    }
  }

  /// `at [0,3] expected 1.5, got 1.25`
  private static func difference(at index: Int, of shape: Shape, _ expected: String, _ actual: String) -> String {
    var rest = index
    var place: [String] = []
    for extent in shape.reversed() {
      place.append(String(rest % extent))
      rest /= extent
    }
    let texts = [expected, actual].map { OVError.printable($0, limit: 60) }
    return "at [\(place.reversed().joined(separator: ","))] expected \(texts[0]), got \(texts[1])"
  }
}
