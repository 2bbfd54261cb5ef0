import KernelCore
import Kernels

/// Weights as the IR stores them, and a factor for each output channel.
struct ScaledWeights: Sendable {
  let tensor: Tensor
  let factors: [Float]?

  /// The type that the tensor is stored as, when kernels read it.
  var storedType: WeightType? { WeightType(tensor.elementType) }

  /// The type to keep the weights in. Single precision keeps halves that are not multiplied by anything as they are.
  func packedType(_ precision: InferencePrecision) -> WeightType {
    precision == .f16 || (storedType == .f16 && factors == nil) ? .f16 : .f32
  }

  /// Calls `body` with the weights.
  func withSource<Result>(_ body: (WeightSource) -> Result) -> Result {
    tensor.withUnsafeBytes { bytes in
      guard let factors else { return body(WeightSource(bytes.baseAddress!, storedType!)) }
      return factors.withUnsafeBufferPointer { body(WeightSource(bytes.baseAddress!, storedType!, factors: $0.baseAddress)) }
    }
  }
}
