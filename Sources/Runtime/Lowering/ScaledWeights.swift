import KernelCore
import Kernels

/// Weights as the IR stores them, and a factor for each output channel.
struct ScaledWeights: Sendable {
  let tensor: Tensor
  let factors: [Float]?

  /// The type that the tensor is stored as, when kernels read it.
  var storedType: WeightType? { WeightType(tensor.elementType) }

  /// Whether the IR stores the very values that kernels are to read, as halves.
  var areStoredHalves: Bool { storedType == .f16 && factors == nil }

  /// Bytes of single precision that stay in a cache from one inference to the next: narrowing fewer would cost accuracy and gain nothing.
  static let leastNarrowedByteCount = 64 << 10

  /// The type to keep the weights in. Single precision keeps halves that are not multiplied by anything as they are.
  func packedType(_ precision: InferencePrecision) -> WeightType {
    if areStoredHalves { return .f16 }
    return precision == .f16 && 4 * tensor.elementCount >= ScaledWeights.leastNarrowedByteCount ? .f16 : .f32
  }

  /// Calls `body` with the weights.
  func withSource<Result>(_ body: (WeightSource) -> Result) -> Result {
    tensor.withUnsafeBytes { bytes in
      guard let factors else { return body(WeightSource(bytes.baseAddress!, storedType!)) }
      return factors.withUnsafeBufferPointer { body(WeightSource(bytes.baseAddress!, storedType!, factors: $0.baseAddress)) }
    }
  }
}
