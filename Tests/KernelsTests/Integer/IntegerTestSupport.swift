import Foundation
import KernelCore
import Kernels

/// The instruction sets to test here, as feature sets that choose integer kernels.
let testedIntegerFeatures: [CPUFeatures] = [[], .avx2, [.avx2, .avx512], .all].filter { CPUFeatures.current.isSuperset(of: $0) }

extension SeededGenerator {
  mutating func bytes(_ count: Int, in range: ClosedRange<UInt8> = 0...255) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: range, using: &self) }
  }

  /// Weights of one of the kinds that decide how products may be summed: few large ones, any, or the worst.
  mutating func weights(_ count: Int, _ kind: WeightKind) -> [Int8] {
    (0..<count).map { _ in
      switch kind {
      case .small: Int8.random(in: -32...32, using: &self)
      case .any: Int8.random(in: -128...127, using: &self)
      case .worst: [-128, -128, 127, 127, -127, 0].randomElement(using: &self)!
      case .mixed:
        Int.random(in: 0..<12, using: &self) == 0 ? Int8.random(in: -128...127, using: &self) : Int8.random(in: -40...40, using: &self)
      }
    }
  }
}

enum WeightKind: CaseIterable { case small, any, worst, mixed }

/// A grid whose integers fit values of about `magnitude`.
func grid(_ type: ActivationType, _ magnitude: Float, lowest: Int32? = nil, highest: Int32? = nil) -> QuantizedGrid {
  type == .u8
    ? QuantizedGrid(.u8, scale: magnitude / 113, zeroPoint: 117, lowest: lowest, highest: highest)
    : QuantizedGrid(.i8, scale: magnitude / 120, zeroPoint: -3, lowest: lowest, highest: highest)
}

/// Epilogues of every kind, for results of about ±1.
let testedIntegerEpilogues: [(name: String, epilogue: IntegerEpilogue)] = {
  let u8 = ActivationFormat.quantized(grid(.u8, 1.5))
  let i8 = ActivationFormat.quantized(grid(.i8, 0.7))
  return [
    ("f32", IntegerEpilogue()),
    ("bias to u8", IntegerEpilogue(hasBias: true, output: u8)),
    ("relu6 to i8", IntegerEpilogue(hasBias: true, minimum: 0, maximum: 0.6, output: i8)),
    ("narrow grid", IntegerEpilogue(hasBias: true, output: .quantized(grid(.u8, 1, lowest: 40, highest: 200)))),
    ("u8 residual relu to u8", IntegerEpilogue(hasBias: true, residual: u8, minimum: 0, output: u8)),
    ("i8 residual to f32", IntegerEpilogue(residual: i8, maximum: 0.5)),
    ("f32 residual to i8", IntegerEpilogue(hasBias: true, residual: .f32, output: i8)),
    ("late i8 residual", IntegerEpilogue(residual: i8, residualAfterActivation: true, minimum: -0.2, maximum: 0.3, output: u8)),
    ("late residual without bounds", IntegerEpilogue(residual: u8, residualAfterActivation: true, output: i8)),
    ("late f32 residual to f32", IntegerEpilogue(residual: .f32, residualAfterActivation: true, minimum: 0)),
    ("activation", IntegerEpilogue(hasBias: true, activation: testActivation, alpha: 1, beta: 0.5, output: u8)),
    ("activation to f32", IntegerEpilogue(residual: u8, activation: testActivation, alpha: 1, beta: 0.5)),
    (
      "activation, late residual",
      IntegerEpilogue(
        hasBias: true, residual: i8, residualAfterActivation: true, activation: testActivation, alpha: 1, beta: 0.5, output: i8)
    ),
  ]
}()
