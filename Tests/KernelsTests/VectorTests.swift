import KernelCore
import Kernels
import Testing

/// Every operation of every vector type against scalar arithmetic, for whole registers and for tails of every length.
@Suite struct VectorTests {
  static let kernels = vectorOperationKernels.supported(by: .current)

  /// Operands that reach signs, ties, subnormals, infinities and NaN.
  static let special: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.3, -0.3, 7.75, -7.75, 1e-3, 65504, 65520, -65519, 1e6, -3e8,
    0x1p-14, 0x1p-24, 0x1.8p-25, 0x1p-25, 0x1p-26, 0x1.002p0, 0x1.006p0, 2049, 2051, 0x1.000002p22, 0x1.fffffep22, .infinity, -.infinity,
    .nan,
  ]

  /// Runs `operation` at an address that is a multiple of 4 bytes only, and checks that nothing outside `outputCount` is written.
  static func run(
    _ kernel: VectorOperationKernel, _ operation: VectorOperation, _ a: [Float], _ b: [Float] = [], _ c: [Float] = [],
    outputCount: Int? = nil
  ) -> [Float] {
    let count = a.count
    let outputCount = outputCount ?? count
    let guardValue: Float = -123.5
    var output = [Float](repeating: guardValue, count: 1 + count + 16)
    let pad = [Float](repeating: 0, count: 16)
    (([0] + a) as [Float]).withUnsafeBufferPointer { a in
      (([0] + b + pad) as [Float]).withUnsafeBufferPointer { b in
        (([0] + c + pad) as [Float]).withUnsafeBufferPointer { c in
          output.withUnsafeMutableBufferPointer { output in
            kernel.run(
              operation, a.baseAddress! + 1, b.baseAddress! + 1, c.baseAddress! + 1, output.baseAddress! + 1, count)
          }
        }
      }
    }
    #expect(output[0] == guardValue)
    #expect(output[(1 + outputCount)...].allSatisfy { $0 == guardValue }, "\(kernel.name) \(operation) writes beyond \(count) lanes")
    return Array(output[1..<1 + outputCount])
  }

  static func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

  @Test func currentFeaturesHaveKernels() {
    #expect(Self.kernels.last?.requires == [])
    for kernel in vectorOperationKernels where !CPUFeatures.current.isSuperset(of: kernel.requires) {
      print("not run here:", kernel.name)
    }
  }

  @Test func theVariableLowersFeatures() {
    #expect(CPUFeatures.ceiling("portable") == [])
    #expect(CPUFeatures.ceiling("avx2") == .avx2)
    #expect(CPUFeatures.ceiling("avx512") == .all)
    #expect(CPUFeatures.ceiling(nil) == .all)
    #expect(CPUFeatures.ceiling("something else") == .all)
  }

  /// The least and greatest of two, as the instruction defines them: the second operand unless the comparison holds.
  static let binary: [(VectorOperation, @Sendable (Float, Float) -> Float)] = [
    (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }),
    (.minimum, { $0 < $1 ? $0 : $1 }), (.maximum, { $0 > $1 ? $0 : $1 }),
    (.withSign, { Float(signOf: $1, magnitudeOf: $0) }),
    (.less, { $0 < $1 ? 1 : 0 }), (.lessOrEqual, { $0 <= $1 ? 1 : 0 }), (.equal, { $0 == $1 ? 1 : 0 }),
  ]
  static let unary: [(VectorOperation, @Sendable (Float) -> Float)] = [
    (.load, { $0 }), (.squareRoot, { $0.squareRoot() }), (.magnitude, { Float(bitPattern: $0.bitPattern & 0x7fff_ffff) }),
    (.roundedToNearestEven, { $0.rounded(.toNearestOrEven) }), (.roundedDown, { $0.rounded(.down) }),
  ]

  @Test(arguments: kernels) func elementwise(_ kernel: VectorOperationKernel) {
    for count in 0...kernel.lanes {
      for start in Self.special.indices {
        let a = (0..<count).map { Self.special[(start + $0) % Self.special.count] }
        for (operation, expected) in Self.unary {
          let result = Self.run(kernel, operation, a)
          #expect(zip(result, a.map(expected)).allSatisfy(Self.same), "\(kernel.name) \(operation) \(a) gave \(result)")
        }
        let masked = Self.run(kernel, .allButLast, a)
        #expect(zip(masked, a.dropLast() + [0]).allSatisfy(Self.same), "\(kernel.name) allButLast \(a) gave \(masked)")
        for shift in [0, 5, 11] {
          let b = (0..<count).map { Self.special[(start + shift + 3 * $0) % Self.special.count] }
          for (operation, expected) in Self.binary {
            let result = Self.run(kernel, operation, a, b)
            #expect(zip(result, zip(a, b).map(expected)).allSatisfy(Self.same), "\(kernel.name) \(operation) \(a) \(b) gave \(result)")
          }
        }
      }
    }
  }

  @Test(arguments: kernels) func multiplyAdd(_ kernel: VectorOperationKernel) {
    let x: Float = 1 + 0x1p-12
    for count in 0...kernel.lanes {
      let a = (0..<count).map { x + Float($0) * 0x1p-12 }
      let c = a.map { -$0 * $0 }
      let result = Self.run(kernel, .fma, a, a, c)
      let fused = zip(a, c).map { $1.addingProduct($0, $0) }
      #expect(result == (kernel.requires.isEmpty ? zip(a, c).map { $1 + $0 * $0 } : fused))
      #expect(count == 0 || fused.contains { $0 != 0 })
    }
  }

  @Test(arguments: kernels) func exponents(_ kernel: VectorOperationKernel) {
    for n in -126...127 {
      let lanes = (0..<kernel.lanes).map { Float(Swift.max(-126, n - $0)) }
      #expect(Self.run(kernel, .exponentOfTwo, lanes) == lanes.map { Float(sign: .plus, exponent: Int($0), significand: 1) })
      // On both sides of √2, 1.4142135 and the next float.
      let significands: [(Float, isHigh: Bool)] = [(1, false), (1.25, false), (0x1.6a09e4p0, false), (0x1.6a09e6p0, true), (1.625, true)]
      for (significand, isHigh) in significands {
        let powers = lanes.map { Float(sign: .plus, exponent: Int($0), significand: significand) }
        #expect(Self.run(kernel, .exponentPart, powers) == lanes.map { $0 + (isHigh ? 1 : 0) })
        #expect(Self.run(kernel, .significandPart, powers) == lanes.map { _ in isHigh ? significand / 2 : significand })
      }
    }
    #expect(Self.run(kernel, .exponentOfTwo, [-127, 128]) == [0, .infinity])
  }

  @Test(arguments: kernels) func theLowestBitFlipsTheSign(_ kernel: VectorOperationKernel) {
    let lanes = (0..<kernel.lanes).map { Float($0) - 2.5 }
    for bits in [0, 1, 2, 3, 0x4b40_0001, 0x4b40_0002, 0xcb40_0001, 0xffff_fffe] as [UInt32] {
      let flags = lanes.map { _ in Float(bitPattern: bits) }
      #expect(Self.run(kernel, .negatedWhereLowestBit, lanes, flags) == lanes.map { bits & 1 == 0 ? $0 : -$0 })
    }
  }

  @Test(arguments: kernels) func findsSetLanes(_ kernel: VectorOperationKernel) {
    let zeros = [Float](repeating: 0, count: kernel.lanes)
    let ones = [Float](repeating: 1, count: kernel.lanes)
    func found(_ b: [Float]) -> [Float] {
      [.isAnyLess, .isEveryLess].flatMap { Self.run(kernel, $0, zeros, b, outputCount: 1) }
    }
    #expect(found(zeros) == [0, 0])
    #expect(found(ones) == [1, 1])
    for lane in zeros.indices {
      let one = zeros.indices.map { Float($0 == lane ? 1 : 0) }
      #expect(found(one) == [1, 0])
      #expect(found(one.map { $0 == 1 ? .nan : 1 }) == [1, 0])
    }
  }

  @Test(arguments: kernels) func reductions(_ kernel: VectorOperationKernel) {
    let a = (1...kernel.lanes).map { Float($0 * $0) }
    #expect(Self.run(kernel, .sum, a, outputCount: 1) == [a.reduce(0, +)])
    for rotation in a.indices {
      let rotated = (a[rotation...] + a[..<rotation]).map { -$0 }
      #expect(Self.run(kernel, .greatest, rotated, outputCount: 1) == [-1])
    }
  }

  @Test(arguments: kernels) func widensEveryHalf(_ kernel: VectorOperationKernel) {
    for first in stride(from: 0, to: 65536, by: kernel.lanes) {
      let count = 1 + first / kernel.lanes % kernel.lanes
      var packed = [Float](repeating: 0, count: count)
      packed.withUnsafeMutableBytes { bytes in
        for i in 0..<count { bytes.storeBytes(of: UInt16(first + i), toByteOffset: 2 * i, as: UInt16.self) }
      }
      let result = Self.run(kernel, .widen, packed)
      let expected = (0..<count).map { Float(Float16(bitPattern: UInt16(first + $0))) }
      #expect(zip(result, expected).allSatisfy(Self.same), "\(kernel.name) \(first)")
    }
  }

  @Test(arguments: kernels) func narrows(_ kernel: VectorOperationKernel) {
    // Between each pair of neighbouring halves: just above the lower, the middle, just below the upper.
    let values = stride(from: 0, to: 0x7c00, by: 7).flatMap { (bits: Int) -> [Float] in
      let lower = Float(Float16(bitPattern: UInt16(bits)))
      let middle = lower + (bits == 0x7bff ? 16 : (Float(Float16(bitPattern: UInt16(bits + 1))) - lower) / 2)
      return [lower, lower.nextUp, middle.nextDown, -middle, middle.nextUp]
    }
    let all = values + Self.special + [Float](repeating: 1, count: kernel.lanes)
    for first in stride(from: 0, to: all.count - kernel.lanes, by: kernel.lanes) {
      let count = 1 + first / kernel.lanes % kernel.lanes
      let a = Array(all[first..<first + count])
      let result = Self.run(kernel, .narrow, a, outputCount: (count + 1) / 2)
      result.withUnsafeBytes { bytes in
        for i in 0..<count {
          let half = Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
          #expect(Self.same(Float(half), Float(Float16(a[i]))), "\(kernel.name) \(a[i])")
        }
      }
    }
  }
}

extension VectorOperationKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
