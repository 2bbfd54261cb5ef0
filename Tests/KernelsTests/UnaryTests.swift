import Foundation
import KernelCore
import Kernels
import Testing

/// How far a result may be from the exact one: units in the last place of the exact result, plus an absolute part, plus a part
/// of the argument's magnitude (for formulas that subtract from it).
struct Tolerance {
  var ulp = 0.5
  var absolute = 0.0
  var ofArgument = 0.0

  /// The error of `got`, as a multiple of what is allowed.
  func excess(_ got: Float, _ exact: Double, argument: Double = 0) -> Double {
    if exact.isNaN || got.isNaN { return exact.isNaN && got.isNaN ? 0 : .infinity }
    let nearest = Float(exact)
    if got == nearest { return 0 }
    let finite = min(max(exact, -0x1p128), 0x1p128)
    let spacing = Double(max(min(nearest.magnitude, .greatestFiniteMagnitude), .leastNormalMagnitude).ulp)
    let reached = got.isInfinite ? Double(got.sign == .minus ? -0x1p128 : 0x1p128) : Double(got)
    return abs(reached - finite) / (ulp * spacing + absolute + ofArgument * min(argument.magnitude, 0x1p128))
  }
}

/// The exact value of a unary operation, and how near its kernels come.
struct UnaryReference {
  var alpha: Float = 0
  var beta: Float = 0
  var tolerance: Tolerance
  var exact: @Sendable (Double) -> Double

  init(
    _ alpha: Float = 0, _ beta: Float = 0, ulp: Double = 0.5, absolute: Double = 0, ofArgument: Double = 0,
    _ exact: @escaping @Sendable (Double) -> Double
  ) {
    self.alpha = alpha
    self.beta = beta
    self.tolerance = Tolerance(ulp: ulp + 0.01, absolute: absolute, ofArgument: ofArgument)
    self.exact = exact
  }
}

/// Results below the normal numbers may be flushed to zero.
private let flushed = 0x1p-126

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func softplus(_ x: Double) -> Double { x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)) }
private func propagated(_ x: Double, _ f: (Double) -> Double) -> Double { x.isNaN ? x : f(x) }

private func reference(_ operation: UnaryOperation) -> UnaryReference {
  let third = Double(Float(1) / 3)
  switch operation {
  case .abs: return .init { abs($0) }
  case .negative: return .init { -$0 }
  case .affine: return .init(2, 0.5, ulp: 1) { $0 * 2 + 0.5 }
  case .square: return .init { $0 * $0 }
  case .sqrt: return .init { $0.squareRoot() }
  case .reciprocal: return .init { 1 / $0 }
  case .reciprocalSqrt: return .init(ulp: 1.5) { 1 / $0.squareRoot() }
  case .sign: return .init { x in propagated(x) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } }
  case .floor: return .init { $0.rounded(.down) }
  case .ceiling: return .init { $0.rounded(.up) }
  case .roundHalfToEven: return .init { $0.rounded(.toNearestOrEven) }
  case .roundHalfAwayFromZero: return .init { $0.rounded(.toNearestOrAwayFromZero) }
  case .relu: return .init { x in propagated(x) { max($0, 0) } }
  case .prelu: return .init(Float(third)) { $0 < 0 ? $0 * third : $0 }
  case .clamp: return .init(-1, 6) { x in propagated(x) { min(max($0, -1), 6) } }
  case .hardSigmoid: return .init(0.25, 0.5, ulp: 1) { x in propagated(x) { min(max($0 * 0.25 + 0.5, 0), 1) } }
  case .hsigmoid: return .init(ulp: 2) { x in propagated(x) { min(max(Double(Float($0) + 3), 0), 6) / 6 } }
  case .hswish: return .init(ulp: 2.5) { x in propagated(x) { $0 * min(max(Double(Float($0) + 3), 0), 6) / 6 } }
  case .softsign: return .init(ulp: 1.5) { $0 / (1 + abs($0)) }
  case .exp: return .init(ulp: 2) { exp($0) }
  case .log: return .init(ulp: 2) { log($0) }
  case .sigmoid: return .init(ulp: 3, absolute: flushed) { sigmoid($0) }
  case .tanh: return .init(ulp: 6) { tanh($0) }
  case .erf: return .init(ulp: 7) { erf($0) }
  case .softplus: return .init(ulp: 4, absolute: flushed) { softplus($0) }
  case .elu: return .init(1.5, ulp: 4) { $0 < 0 ? 1.5 * expm1($0) : $0 }
  case .selu:
    return .init(1.67326324, 1.05070098, ulp: 5) {
      $0 < 0 ? Double(Float(1.67326324)) * Double(Float(1.05070098)) * expm1($0) : Double(Float(1.05070098)) * $0
    }
  case .swish: return .init(1, ulp: 4, absolute: flushed * 128) { $0 * sigmoid($0) }
  case .mish: return .init(ulp: 6, absolute: flushed * 128) { $0 * tanh(softplus($0)) }
  case .geluErf: return .init(ulp: 4, ofArgument: 0x1p-22) { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
  case .geluTanh:
    return .init(ulp: 4, ofArgument: 0x1p-21) { $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
  case .sin: return .init(ulp: 2) { sin($0) }
  case .cos: return .init(ulp: 2) { cos($0) }
  }
}

/// Every unary kernel over the whole range of floats and at every length around its vector width.
@Suite struct UnaryTests {
  static let kernels = UnaryKernels.table.supported(by: .current)

  /// What an operation may never leave.
  static func range(_ operation: UnaryOperation) -> ClosedRange<Float>? {
    switch operation {
    case .sigmoid, .hsigmoid, .hardSigmoid: 0...1
    case .tanh, .erf, .softsign, .sin, .cos, .sign: -1...1
    default: nil
    }
  }

  @Test func everyOperationHasAKernelOnEveryMachine() {
    for operation in UnaryOperation.allCases {
      #expect(UnaryKernels.function(for: operation, features: []).requires == [])
      #expect(UnaryKernels.function(for: operation, features: .current).operation == operation)
    }
    #expect(Set(UnaryKernels.table.map(\.name)).count == UnaryKernels.table.count)
  }

  /// Bit patterns a fixed odd stride apart, so that every exponent and sign is met many times; and the special ones.
  @Test(arguments: kernels) func isAccurateOverAllFloats(_ kernel: UnaryKernel) {
    let special: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 0.5, -0.5, 2.5, -2.5, 0.49999997, 4194304.5, 8388607.5, 88.72, 88.73,
      -87.33, -87.34, -103.9, -104.1, 9.02, -9.02, 3.1415927, 1e4, 1.00001e4, 1e9,
    ]
    let stride: UInt32 = 4099
    let block = 4096
    var input = special
    var output = [Float](repeating: 0, count: block)
    let reference = reference(kernel.operation)
    let range = Self.range(kernel.operation)
    var worst = (excess: 0.0, argument: Float(0), got: Float(0))
    var pattern: UInt32 = 0
    var isLast = false
    while true {
      kernel.run(input, &output, input.count, reference.alpha, reference.beta)
      for (x, y) in zip(input, output) {
        if let range, !y.isNaN, !range.contains(y) { worst = (.infinity, x, y) }
        let excess = reference.tolerance.excess(y, reference.exact(Double(x)), argument: Double(x))
        if excess > worst.excess { worst = (excess, x, y) }
      }
      if isLast { break }
      input.removeAll(keepingCapacity: true)
      while input.count < block, !isLast {
        input.append(Float(bitPattern: pattern))
        (pattern, isLast) = pattern.addingReportingOverflow(stride)
      }
    }
    #expect(
      worst.excess <= 1,
      "\(kernel.name)(\(worst.argument)) = \(worst.got), not \(reference.exact(Double(worst.argument)))")
  }

  @Test(arguments: kernels) func writesItsLengthOnly(_ kernel: UnaryKernel) {
    let reference = reference(kernel.operation)
    for count in Array(0...40) + [63, 64, 65, 127] {
      let input = (0..<count + 2).map { Float($0 * 37 % 101) * 0.13 - 4 }
      for isInPlace in [false, true] {
        var output = isInPlace ? input : [Float](repeating: -77, count: count + 2)
        let before = output
        output.withUnsafeMutableBufferPointer { output in
          input.withUnsafeBufferPointer { input in
            let source = isInPlace ? UnsafePointer(output.baseAddress! + 1) : input.baseAddress! + 1
            kernel.run(source, output.baseAddress! + 1, count, reference.alpha, reference.beta)
          }
        }
        #expect(output.first == before.first && output.last == before.last, "\(kernel.name) leaves its \(count) floats")
        for i in 1..<count + 1 {
          let exact = reference.exact(Double(input[i]))
          #expect(
            reference.tolerance.excess(output[i], exact, argument: Double(input[i])) <= 1,
            "\(kernel.name)(\(input[i])) = \(output[i]), not \(exact), at \(i - 1) of \(count)")
        }
      }
    }
  }
}

extension UnaryKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
