import Foundation
import KernelCore
import Kernels
import Testing

/// Reproducible pseudo-random numbers (SplitMix64); tests print the seed where they fail.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// `count` floats of a range.
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// An integer of a range.
  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}

/// The greatest distance of two sequences of floats, infinite where only one is NaN or they differ in length.
func distance(_ a: some Collection<Float>, _ b: some Collection<Double>) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { Double($0) == $1 || $0.isNaN && $1.isNaN ? 0 : abs(Double($0) - $1) }.map { $0.isNaN ? .infinity : $0 }.max() ?? 0
}

/// Bytes that end at a page that may not be touched, so that reading or writing beyond them ends the test.
final class GuardedBytes {
  let base: UnsafeMutableRawPointer
  let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int

  /// What lies in bytes that a kernel should not touch, or should overwrite.
  static let untouched: UInt8 = 0xa5

  init(count: Int) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let bytes = (count + page - 1) / page * page
    mappedBytes = bytes + page
    mapping = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(mapping != MAP_FAILED && mprotect(mapping + bytes, page, PROT_NONE) == 0)
    base = mapping + (bytes - count)
    base.initializeMemory(as: UInt8.self, repeating: Self.untouched, count: count)
    self.count = count
  }

  convenience init(_ values: [UInt8]) {
    self.init(count: values.count)
    base.copyMemory(from: values, byteCount: values.count)
  }

  deinit { munmap(mapping, mappedBytes) }

  var values: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }
}

/// Floats that end at a page that may not be touched.
final class GuardedFloats {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let memory: GuardedBytes

  /// What lies in values that a kernel should not touch, or should overwrite.
  static let untouched: Float = -12345.5

  init(count: Int, fill: Float = GuardedFloats.untouched) {
    memory = GuardedBytes(count: 4 * count)
    base = memory.base.assumingMemoryBound(to: Float.self)
    base.initialize(repeating: fill, count: count)
    self.count = count
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count)
    base.update(from: values, count: values.count)
  }

  var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// Memory for packed weights and scratch, aligned as primitives ask, and guarded at its end.
final class AlignedBytes {
  private let memory: GuardedFloats
  let base: UnsafeMutableRawPointer

  init(_ count: Int) {
    // Whatever a kernel reads before it writes it is a NaN.
    memory = GuardedFloats(count: (max(count, 64) + 63) / 64 * 16, fill: .nan)
    base = UnsafeMutableRawPointer(memory.base)
  }
}

/// The instruction sets to test here, as feature sets that choose them.
let testedFeatures: [CPUFeatures] = [[], .avx2, [.avx2, .avx512]].filter { CPUFeatures.current.isSuperset(of: $0) }

/// A tolerance in proportion to the magnitudes that were added.
enum SumTolerance {
  /// Sums in single precision, in any order.
  static let sum: Float = 1e-6

  /// The worst excess over the tolerance, and where.
  static func worst(_ result: [Float], _ expected: [Float], _ magnitudes: [Float], _ tolerance: Float) -> (index: Int, error: Float)? {
    var worst: (index: Int, error: Float)?
    for i in result.indices {
      if result[i].isNaN && expected[i].isNaN || result[i] == expected[i] { continue }
      let error = abs(result[i] - expected[i]) / max(abs(magnitudes[i]), 1e-30)
      if !(error <= tolerance) && !(error <= worst?.error ?? -1) { worst = (i, error) }
    }
    return worst
  }
}

/// α + β · x / (1 + |x|): an activation left out, repeated or applied to the wrong value shows, and errors do not grow.
let testActivation: UnaryF32Function = { input, output, count, alpha, beta in
  for i in 0..<count { output[i] = alpha + beta * input[i] / (1 + abs(input[i])) }
}

/// Epilogues of every kind.
let testedEpilogues: [(name: String, epilogue: Epilogue)] = [
  ("none", Epilogue()),
  ("bias", Epilogue(hasBias: true)),
  ("relu6", Epilogue(hasBias: true, minimum: 0, maximum: 0.6)),
  ("residual relu", Epilogue(hasBias: true, hasResidual: true, minimum: 0)),
  ("late residual", Epilogue(hasResidual: true, residualAfterActivation: true, minimum: -0.2, maximum: 0.3)),
  ("activation", Epilogue(hasBias: true, activation: testActivation, alpha: 1, beta: 0.5)),
  ("residual activation", Epilogue(hasResidual: true, activation: testActivation, alpha: 1, beta: 0.5)),
  (
    "activation, late residual",
    Epilogue(hasBias: true, hasResidual: true, residualAfterActivation: true, activation: testActivation, alpha: 1, beta: 0.5)
  ),
]
