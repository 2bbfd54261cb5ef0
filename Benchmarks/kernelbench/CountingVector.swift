import KernelCore

/// A register of one float that counts what is done with it, for kernels' formulas: what every instruction set needs an instruction
/// for. Constants, loads and stores are not counted.
struct CountingVector: FloatVector {
  /// The counts since they were last taken.
  nonisolated(unsafe) private static var counts = VectorInstructions()

  /// What `body` does, for one of its `elements`.
  static func instructions(elements: Int, _ body: () -> Void) -> VectorInstructions {
    counts = VectorInstructions()
    body()
    return counts.divided(by: Double(elements))
  }

  let x: Float

  private static func counted<T>(_ result: T, instructions: Double = 1) -> T {
    counts.total += instructions
    return result
  }

  static var lanes: Int { 1 }
  static func zero() -> Self { Self(x: 0) }
  static func splat(_ x: Float) -> Self { Self(x: x) }
  static func load(_ p: UnsafePointer<Float>) -> Self { Self(x: p[0]) }
  static func load(_ p: UnsafePointer<Float>, count: Int) -> Self { Self(x: count == 0 ? 0 : p[0]) }
  static func load(_ p: UnsafePointer<Float16>) -> Self { counted(Self(x: Float(p[0]))) }
  static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self { counted(Self(x: count == 0 ? 0 : Float(p[0]))) }
  func store(_ p: UnsafeMutablePointer<Float>) { p[0] = x }
  func store(_ p: UnsafeMutablePointer<Float>, count: Int) { if count > 0 { p[0] = x } }
  func store(_ p: UnsafeMutablePointer<Float16>) { p[0] = Self.counted(Float16(x)) }
  func store(_ p: UnsafeMutablePointer<Float16>, count: Int) { if count > 0 { p[0] = Self.counted(Float16(x)) } }

  static func + (a: Self, b: Self) -> Self { counted(Self(x: a.x + b.x)) }
  static func - (a: Self, b: Self) -> Self { counted(Self(x: a.x - b.x)) }
  static func * (a: Self, b: Self) -> Self { counted(Self(x: a.x * b.x)) }
  static func / (a: Self, b: Self) -> Self {
    counts.divisions += 1
    counts.total += 1
    return Self(x: a.x / b.x)
  }
  func fma(_ a: Self, _ b: Self) -> Self { Self.counted(Self(x: x.addingProduct(a.x, b.x))) }
  func min(_ other: Self) -> Self { Self.counted(x < other.x ? self : other) }
  func max(_ other: Self) -> Self { Self.counted(x > other.x ? self : other) }
  func squareRoot() -> Self {
    Self.counts.squareRoots += 1
    Self.counts.total += 1
    return Self(x: x.squareRoot())
  }
  func roundedToNearestEven() -> Self { Self.counted(Self(x: x.rounded(.toNearestOrEven))) }
  func roundedDown() -> Self { Self.counted(Self(x: x.rounded(.down))) }
  func withSign(of other: Self) -> Self { Self.counted(Self(x: Float(signOf: other.x, magnitudeOf: x))) }
  func magnitude() -> Self { Self.counted(Self(x: x.magnitude)) }
  func lowestBitsAsExponent() -> Self { Self.counted(Self(x: Float(bitPattern: x.bitPattern << 23))) }
  func negated(whereLowestBitOf other: Self) -> Self {
    Self.counted(Self(x: Float(bitPattern: x.bitPattern ^ other.x.bitPattern << 31)), instructions: 2)
  }
  func splitExponent() -> (exponent: Self, significand: Self) {
    let exponent = x.exponent + (x.significand < Float(2).squareRoot() ? 0 : 1)
    let significand = x / Float(sign: .plus, exponent: exponent, significand: 1)
    return Self.counted((Self(x: Float(exponent)), Self(x: significand)), instructions: 6)
  }

  static func < (a: Self, b: Self) -> Bool { counted(a.x < b.x) }
  static func <= (a: Self, b: Self) -> Bool { counted(a.x <= b.x) }
  static func == (a: Self, b: Self) -> Bool { counted(a.x == b.x) }
  static func first(_ count: Int) -> Bool { count > 0 }
  static func isAnySet(_ mask: Bool) -> Bool { counted(mask) }
  static func isEverySet(_ mask: Bool) -> Bool { counted(mask) }
  static func select(_ mask: Bool, _ a: Self, _ b: Self) -> Self { counted(mask ? a : b) }

  func sum() -> Float { x }
  func maximum() -> Float { x }
}

/// The instructions that an element of a vector's lanes takes at least.
struct VectorInstructions {
  /// A processor starts as many as multiply-additions.
  var total = 0.0
  /// Those of them that occupy its divider.
  var divisions = 0.0
  var squareRoots = 0.0

  func divided(by n: Double) -> Self { Self(total: total / n, divisions: divisions / n, squareRoots: squareRoots / n) }
}

extension UnaryOperation {
  /// What its vector form does with an element, with parameters and an argument of its domain.
  var instructions: VectorInstructions {
    let input: [Float] = [0.5, 0.5]
    var output: [Float] = [0, 0]
    let function = unaryFunction(CountingVector.self, self)
    return CountingVector.instructions(elements: 2) { function(input, &output, 2, 0.5, 1) }
  }
}

extension BinaryOperation {
  /// What its vector form does with a pair of floats.
  var instructions: VectorInstructions {
    guard let functions = binaryVectorFunctions(CountingVector.self, self) ?? binaryCheckedFunctions(CountingVector.self, self) else {
      return VectorInstructions()
    }
    let (a, b): ([Float], [Float]) = ([0.5, 0.5], [0.75, 0.75])
    var output: [Float] = [0, 0]
    return CountingVector.instructions(elements: 2) { functions.vectorVector(a, 8, b, 8, &output, 8, 1, 2) }
  }
}
