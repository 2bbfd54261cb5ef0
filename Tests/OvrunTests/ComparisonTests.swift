import OVRuntime
import Testing

@testable import ovrun

@Suite struct ComparisonTests {
  static func failure(_ actual: Tensor, _ expected: Tensor, _ criterion: Criterion = Criterion()) -> String? {
    Comparison(actual, expected, criterion).failure
  }

  static func floats(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count]) }

  @Test func realNumbersAreJudgedByTheRange() {
    let comparison = Comparison(Self.floats([100, 0.05]), Self.floats([100, 0]), Criterion())
    #expect(comparison.failure == nil && abs(comparison.error - 5e-4) < 1e-9)
    let (actual, expected) = (Self.floats([100, 0, 0, 0.5]), Self.floats([100, 0, 0, 0]))
    let failure = Self.failure(actual.reshaped(to: [2, 2]), expected.reshaped(to: [2, 2]))
    #expect(failure == "error 0.005 of the range 100, at [1,1] expected 0.0, got 0.5")
    #expect(Self.failure(Self.floats([100, 0.5]), Self.floats([100, 0]), Criterion(tolerance: 0.01)) == nil)
    #expect(Self.failure(Self.floats([0.5e-3]), Self.floats([0])) == nil, "with nothing but zeros the error is absolute")
    #expect(Self.failure(Self.floats([2e-3]), Self.floats([0])) != nil)
    #expect(Self.failure(Self.floats([1.1e-30]), Self.floats([1e-30])) != nil, "small numbers are no zeros")
    #expect(Self.failure(Self.floats([]), Self.floats([])) == nil)
  }

  @Test func nonFiniteNumbersEqualThemselvesOnly() {
    let special = Self.floats([.nan, .infinity, -.infinity, 1])
    #expect(Comparison(special, special, Criterion()).error == 0)
    let others: [[Float]] = [
      [0, .infinity, -.infinity, 1], [.nan, .nan, -.infinity, 1], [.nan, .infinity, .infinity, 1], [.nan, 1e38, -.infinity, 1],
    ]
    for other in others {
      let loose = Criterion(tolerance: .infinity, cosine: -1)
      #expect(Self.failure(Self.floats(other), special, loose) != nil)
      #expect(Self.failure(special, Self.floats(other), loose) != nil)
    }
    #expect(Self.failure(Self.floats([.infinity, 1.5]), Self.floats([.infinity, 1])) != nil, "an infinity does not widen the range")
  }

  @Test func otherTypesAreExact() {
    #expect(Self.failure(Tensor([1, 2] as [Int64], shape: [2]), Tensor([1, 3] as [Int64], shape: [2])) == "at [1] expected 3, got 2")
    let large = Tensor([UInt64.max], shape: [])
    #expect(Self.failure(large, Tensor([0] as [UInt64], shape: [])) == "at [] expected 0, got 18446744073709551615")
    #expect(Self.failure(Tensor(.boolean, shape: [2], int64s: [1, 0]), Tensor(.boolean, shape: [2], int64s: [1, 1])) != nil)
    #expect(Self.failure(Tensor(strings: ["a"], shape: [1]), Tensor(strings: ["b"], shape: [1])) == "at [0] expected \"b\", got \"a\"")
    #expect(Self.failure(Tensor(strings: ["a"], shape: [1]), Tensor(strings: ["a"], shape: [1])) == nil)
  }

  @Test func typesAndShapesMustMatch() {
    #expect(Self.failure(Self.floats([1]), Tensor([1] as [Double], shape: [1])) == "expected f64[1], got f32[1]")
    #expect(Self.failure(Self.floats([1]), Tensor([1] as [Float], shape: [])) == "expected f32[], got f32[1]")
    let narrow = Tensor(.bf16, shape: [1], doubles: [1.5])
    #expect(Self.failure(narrow, Self.floats([1.5])) == nil, "files hold bf16 as f32")
  }

  @Test func cosineReplacesOrAccompaniesTheTolerance() {
    let expected = Tensor([100, 50, 25] as [Int8], shape: [3])
    let actual = Tensor([99, 51, 25] as [Int8], shape: [3])
    #expect(Self.failure(actual, expected) != nil)
    #expect(Self.failure(actual, expected, Criterion(tolerance: nil, cosine: 0.999)) == nil)
    #expect(Self.failure(actual, expected, Criterion(tolerance: 1e-3, cosine: 0.999)) != nil)
    let opposite = Tensor([-100, -50, -25] as [Int8], shape: [3])
    #expect(Self.failure(opposite, expected, Criterion(tolerance: nil, cosine: 0.999)) == "cosine -1, the least is 0.999")
    let zero = Tensor([0, 0, 0] as [Int8], shape: [3])
    #expect(Comparison(zero, zero, Criterion(tolerance: nil, cosine: 0.999)).cosine == 1)
    #expect(Self.failure(zero, expected, Criterion(tolerance: nil, cosine: 0.999)) != nil)
  }
}
