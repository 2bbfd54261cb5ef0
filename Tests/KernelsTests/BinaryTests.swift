import Foundation
import KernelCore
import Kernels
import Testing

/// The exact value of a binary operation on numbers of any element type; comparisons give 1 and 0.
private func exact(_ operation: BinaryOperation, _ a: Double, _ b: Double, isInteger: Bool) -> Double {
  switch operation {
  case .divide where isInteger: (a / b).rounded(.towardZero)
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
  case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
  case .squaredDifference: (a - b) * (a - b)
  case .prelu: a < 0 ? a * b : a
  case .power: pow(a, b)
  case .mod: fmod(a, b)
  case .floorMod: a - (a / b).rounded(.down) * b
  case .equal: a == b ? 1 : 0
  case .notEqual: a != b ? 1 : 0
  case .less: a < b ? 1 : 0
  case .lessEqual: a <= b ? 1 : 0
  case .greater: a > b ? 1 : 0
  case .greaterEqual: a >= b ? 1 : 0
  case .logicalAnd: a != 0 && b != 0 ? 1 : 0
  case .logicalOr: a != 0 || b != 0 ? 1 : 0
  case .logicalXor: (a != 0) != (b != 0) ? 1 : 0
  }
}

extension BinaryKernel {
  fileprivate var tolerance: Tolerance {
    switch operation {
    case .squaredDifference: Tolerance(ulp: 2.01)
    // Without vectors of its own it is the C library's.
    case .power where !requires.isEmpty: Tolerance(ulp: 3)
    case .floorMod: Tolerance(ulp: 1.01, absolute: 1e-6)
    default: Tolerance(ulp: 0.51)
    }
  }
}

/// Memory of elements of one type, seen as numbers.
private struct Elements {
  let element: KernelElement
  var bytes: [UInt8]

  init(_ numbers: [Double], _ element: KernelElement) {
    self.element = element
    bytes = numbers.flatMap { number in
      switch element {
      case .f32: withUnsafeBytes(of: Float(number), Array.init)
      case .i32: withUnsafeBytes(of: Int32(number), Array.init)
      case .i64: withUnsafeBytes(of: Int64(number), Array.init)
      case .u8: [UInt8(number)]
      default: preconditionFailure("no binary kernels of \(element)")
      }
    }
  }

  subscript(_ i: Int) -> Double {
    bytes.withUnsafeBytes { p in
      switch element {
      case .f32: Double(p.loadUnaligned(fromByteOffset: 4 * i, as: Float.self))
      case .i32: Double(p.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self))
      case .i64: Double(p.loadUnaligned(fromByteOffset: 8 * i, as: Int64.self))
      case .u8: Double(p[i])
      default: preconditionFailure("no binary kernels of \(element)")
      }
    }
  }
}

@Suite struct BinaryTests {
  static let kernels = BinaryKernels.table.supported(by: .current)

  /// Small integers make equal pairs, zeros and exact products likely.
  private static func numbers(_ count: Int, _ kernel: BinaryKernel, nonzero: Bool, _ samples: inout SeededGenerator) -> [Double] {
    (0..<count).map { _ in
      switch kernel.element {
      case .u8: return Double(samples.int(0...2))
      case .i32, .i64:
        let value = Double(samples.int(-9...9))
        let divides = [.divide, .mod, .floorMod].contains(kernel.operation)
        return divides && nonzero && value == 0 ? -4 : value
      case .f32:
        if kernel.operation == .power { return Double(Float(samples.int(1...40)) / 8) }
        let value = Float(samples.int(-40...40)) / 8
        return Double(nonzero && value == 0 ? 3.5 : value)
      default: preconditionFailure("no binary kernels of \(kernel.element)")
      }
    }
  }

  /// Row-major strides of a shape, 0 along the axes that are broadcast.
  private static func strides(_ shape: [Int], broadcast: [Bool]) -> [Int] {
    var strides = [Int](repeating: 0, count: shape.count)
    var next = 1
    for i in shape.indices.reversed() where !broadcast[i] {
      strides[i] = next
      next *= shape[i]
    }
    return strides
  }

  private static func check(
    _ kernel: BinaryKernel, shape: [Int], aBroadcast: [Bool], bBroadcast: [Bool], workers: Int, _ samples: inout SeededGenerator,
    _ comment: String
  ) throws {
    let aStrides = strides(shape, broadcast: aBroadcast)
    let bStrides = strides(shape, broadcast: bBroadcast)
    let none = shape.map { _ in false }
    func count(_ broadcast: [Bool]) -> Int { zip(shape, broadcast).reduce(1) { $0 * ($1.1 ? 1 : $1.0) } }
    let a = Elements(numbers(count(aBroadcast), kernel, nonzero: false, &samples), kernel.element)
    let b = Elements(numbers(count(bBroadcast), kernel, nonzero: true, &samples), kernel.element)
    let total = count(none)
    let outputElement = kernel.operation.outputSize(kernel.element) == kernel.element.size ? kernel.element : .u8
    var output = Elements([Double](repeating: 99, count: total + 1), outputElement)
    let plan = try #require(
      BinaryPlan(
        shape: shape, aStrides: aStrides, bStrides: bStrides, outputStrides: strides(shape, broadcast: none),
        operation: kernel.operation, element: kernel.element))
    a.bytes.withUnsafeBytes { a in
      b.bytes.withUnsafeBytes { b in
        output.bytes.withUnsafeMutableBytes { output in
          for worker in 0..<workers {
            plan.run(
              kernel.functions, a: a.baseAddress!, b: b.baseAddress!, output: output.baseAddress!, worker: worker, workers: workers)
          }
        }
      }
    }
    #expect(output[total] == 99, "\(comment): writes beyond its end")
    for flat in 0..<total {
      var rest = flat
      var i = 0
      var j = 0
      for axis in shape.indices.reversed() {
        let index = rest % shape[axis]
        rest /= shape[axis]
        i += index * aStrides[axis]
        j += index * bStrides[axis]
      }
      let expected = exact(kernel.operation, a[i], b[j], isInteger: kernel.element != .f32)
      let excess = kernel.tolerance.excess(Float(output[flat]), expected)
      #expect(excess <= 1, "\(comment): (\(a[i]), \(b[j])) gave \(output[flat]), not \(expected)")
      if excess > 1 { return }
    }
  }

  @Test(arguments: kernels) func rowsOfEveryLength(_ kernel: BinaryKernel) throws {
    let seed: UInt64 = 11
    var samples = SeededGenerator(seed: seed)
    for columns in Array(0...36) + [63, 64, 65, 200] {
      for (a, b) in [(false, false), (false, true), (true, false)] {
        try Self.check(
          kernel, shape: [3, columns], aBroadcast: [false, a], bBroadcast: [false, b], workers: 1, &samples,
          "\(kernel.name), 3 × \(columns), scalars \(a) \(b), seed \(seed)")
      }
    }
  }

  @Test(arguments: kernels) func anyBroadcast(_ kernel: BinaryKernel) throws {
    for seed in 1...UInt64(40) {
      var samples = SeededGenerator(seed: seed)
      let shape = (0..<samples.int(0...6)).map { _ in samples.int(1...5) }
      let a = shape.map { _ in samples.int(0...3) == 0 }
      let b = shape.map { _ in samples.int(0...2) == 0 }
      let workers = samples.int(1...4)
      try Self.check(
        kernel, shape: shape, aBroadcast: a, bBroadcast: b, workers: workers, &samples,
        "\(kernel.name), \(shape), broadcast \(a) \(b), \(workers) workers, seed \(seed)")
    }
  }

  @Test func nanPropagates() {
    for kernel in Self.kernels where [.maximum, .minimum, .add].contains(kernel.operation) && kernel.element == .f32 {
      let a: [Float] = [.nan, 1, 2, .nan, 5, 6, 7, 8, .nan]
      let b: [Float] = [1, .nan, 3, .nan, 1, 1, 1, 1, 1]
      var output = [Float](repeating: 0, count: 9)
      kernel.functions.vectorVector(a, 0, b, 0, &output, 0, 1, 9)
      #expect(output.map(\.isNaN) == [true, true, false, true, false, false, false, false, true], "\(kernel.name)")
    }
  }

  /// Operands of all magnitudes and signs, and those with rules of their own, in rows of which most registers hold none of these.
  @Test(arguments: kernels.filter { $0.element == .f32 && [.power, .mod, .floorMod].contains($0.operation) })
  func hardOperands(_ kernel: BinaryKernel) {
    let seed: UInt64 = 5
    var samples = SeededGenerator(seed: seed)
    let special: [Float] = [
      0, -0.0, 1, -1, 2, -2, 3, 0.5, -0.5, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1p23, 0x1p24, 16_777_215, 1e-3, -7.25,
    ]
    var a = special.flatMap { x in special.map { _ in x } }
    var b = special.flatMap { _ in special }
    for i in 0..<60_000 {
      let x = Float(bitPattern: UInt32(samples.int(0...0xFFFF_FFFF)))
      if kernel.operation == .power {
        // Results between the least and the greatest number.
        a.append(x)
        b.append(Float(samples.int(-1_000_000...1_000_000)) * 88e-6 / max(1e-6, abs(logf(abs(x)))))
      } else if i / 1000 % 4 == 0 {
        a.append(x)
        b.append(Float(bitPattern: UInt32(samples.int(0...0xFFFF_FFFF))))
      } else {
        // Multiples and their neighbours, whose quotients round to integers.
        let multiple = x * Float(samples.int(-(1 << 22)...1 << 22) >> samples.int(0...22))
        a.append([multiple, multiple.nextUp, multiple.nextDown, multiple * 1.0625][samples.int(0...3)])
        b.append(x)
      }
    }
    var output = [Float](repeating: 0, count: a.count)
    kernel.functions.vectorVector(a, 0, b, 0, &output, 0, 1, a.count)
    for i in a.indices {
      let (x, y, got) = (a[i], b[i], output[i])
      let remainder = fmodf(x, y)
      let isRight: Bool
      switch kernel.operation {
      case .mod: isRight = got == remainder && got.sign == remainder.sign || got.isNaN && remainder.isNaN
      case .floorMod:
        let expected = remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
        isRight = got == expected || got.isNaN && expected.isNaN
      default:
        let expected = pow(Double(x), Double(y))
        // The C library's are within one unit of these.
        let tolerance = Tolerance(ulp: max(kernel.tolerance.ulp, 1), absolute: 0x1p-149)
        isRight = Float(expected).isNaN ? got.isNaN : tolerance.excess(got, expected) <= 1
      }
      #expect(isRight, "\(kernel.name), seed \(seed): (\(x), \(y)) gave \(got)")
      if !isRight { return }
    }
  }

  /// A few operands in doubt among others, written over the first operand, in rows shorter and longer than several registers.
  @Test(arguments: kernels.filter { $0.element == .f32 && [.power, .mod, .floorMod].contains($0.operation) })
  func fewDoubts(_ kernel: BinaryKernel) {
    for count in [1, 3, 15, 16, 63, 64, 65, 128, 147] {
      for step in [5, 40, 200] {
        // Zeros have no logarithm, and powers of numbers below zero are none here.
        let a = (0..<count).map { $0 % step == step / 2 ? [Float(0), -3, 0x1p-140][$0 / step % 3] : 1 + Float($0 % 19) / 8 }
        let b = (0..<count).map { $0 % step == 0 ? Float(0x1p-130) : 0.75 + Float($0 % 7) }
        for (function, aStep, bStep) in [
          (kernel.functions.vectorVector, 1, 1), (kernel.functions.vectorScalar, 1, 0), (kernel.functions.scalarVector, 0, 1),
        ] {
          var output = aStep == 1 ? a + [99] : b + [99]
          output.withUnsafeMutableBytes { output in
            a.withUnsafeBytes { a in
              b.withUnsafeBytes { b in
                let target = output.baseAddress!
                let first = aStep == 1 ? UnsafeRawPointer(target) : a.baseAddress!
                let second = aStep == 1 ? b.baseAddress! : UnsafeRawPointer(target)
                function(first, 0, second, 0, target, 0, 1, count)
              }
            }
          }
          #expect(output[count] == 99)
          for i in 0..<count {
            let (x, y) = (a[i * aStep], b[i * bStep])
            let remainder = fmodf(x, y)
            let expected =
              switch kernel.operation {
              case .power: powf(x, y)
              case .mod: remainder
              default: remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
              }
            let isRight =
              kernel.operation == .power
              ? expected.isNaN ? output[i].isNaN : kernel.tolerance.excess(output[i], Double(expected)) <= 1 : output[i] == expected
            #expect(isRight, "\(kernel.name), \(i) of \(count), steps \(aStep) \(bStep): (\(x), \(y)) gave \(output[i])")
          }
        }
      }
    }
  }

  @Test func strangeLayouts() throws {
    // A transposed operand has no dense row; a plan takes its elements one by one.
    let plan = try #require(
      BinaryPlan(shape: [3, 4], aStrides: [1, 3], bStrides: [4, 1], outputStrides: [4, 1], operation: .subtract, element: .f32))
    let a = (0..<12).map { Float($0) }
    let b = [Float](repeating: 1, count: 12)
    let kernel = try #require(BinaryKernels.function(for: .subtract, element: .f32))
    var output = [Float](repeating: 0, count: 12)
    plan.run(kernel.functions, a: a, b: b, output: &output)
    let expected: [Float] = [-1, 2, 5, 8, 0, 3, 6, 9, 1, 4, 7, 10]
    #expect(output == expected)
    // Nine dimensions without a seamless pair are more than a plan holds.
    let shape = [Int](repeating: 2, count: 9)
    let strides = (0..<9).map { i -> Int in 3 << (2 * (8 - i)) }
    #expect(
      BinaryPlan(shape: shape, aStrides: strides, bStrides: strides, outputStrides: strides, operation: .add, element: .f32) == nil)
  }

  @Test(arguments: [1, 2, 4, 8]) func selects(elementSize: Int) throws {
    for seed in 1...UInt64(30) {
      var samples = SeededGenerator(seed: seed)
      let shape = (0..<samples.int(0...5)).map { _ in samples.int(1...6) }
      let broadcasts = (0..<3).map { _ in shape.map { _ in samples.int(0...3) == 0 } } + [shape.map { _ in false }]
      let strides = broadcasts.map { Self.strides(shape, broadcast: $0) }
      let count = shape.reduce(1, *)
      let condition = (0..<count).map { _ in UInt8(samples.int(0...1)) }
      let then = (0..<count * elementSize).map { _ in UInt8(samples.int(0...255)) }
      let other = (0..<count * elementSize).map { _ in UInt8(samples.int(0...255)) }
      var output = [UInt8](repeating: 0, count: count * elementSize)
      let plan = try #require(
        SelectPlan(
          shape: shape, conditionStrides: strides[0], thenStrides: strides[1], elseStrides: strides[2], outputStrides: strides[3],
          elementSize: elementSize))
      let workers = samples.int(1...3)
      for worker in 0..<workers {
        plan.run(condition: condition, then: then, else: other, output: &output, worker: worker, workers: workers)
      }
      for flat in 0..<count {
        var rest = flat
        var offsets = [0, 0, 0]
        for axis in shape.indices.reversed() {
          let index = rest % shape[axis]
          rest /= shape[axis]
          for k in 0..<3 { offsets[k] += index * strides[k][axis] }
        }
        let chosen = condition[offsets[0]] != 0 ? then[(offsets[1] * elementSize)...] : other[(offsets[2] * elementSize)...]
        let got = output[(flat * elementSize)...].prefix(elementSize)
        #expect(got.elementsEqual(chosen.prefix(elementSize)), "seed \(seed)")
      }
    }
  }
}

extension BinaryKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
