import KernelCore

/// The sizes and strides, in elements, of a batch of products C[M×N] = A[M×K] · B[K×N] of 8-bit integers with a constant B.
package struct GEMMI8Parameters: Hashable, Sendable {
  package var batch = 1
  package var rows: Int
  package var columns: Int
  package var depth: Int
  package var aRowStride: Int
  package var aBatchStride = 0
  package var cRowStride: Int
  package var cBatchStride = 0
  package var residualRowStride: Int
  package var residualBatchStride = 0

  /// One product of dense row-major matrices.
  package init(rows: Int, columns: Int, depth: Int) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    aRowStride = depth
    cRowStride = columns
    residualRowStride = columns
  }
}

/// A matrix product of 8-bit activations with a constant i8 matrix, exact int32 sums and an ``IntegerEpilogue`` by columns.
///
/// It is the 1×1 convolution of an image of one row, and has its guarantees.
package final class GEMMI8: Sendable {
  package let parameters: GEMMI8Parameters
  private let convolution: ConvolutionI8

  /// The kernel that runs, as in `gemm_u8i8_4x16_avx2`.
  package var kernelName: String { "gemm" + convolution.kernelName.dropFirst(4) }
  package var packedWeightsByteCount: Int { convolution.packedWeightsByteCount }
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { convolution.scratchByteCount }

  package init(
    _ parameters: GEMMI8Parameters, inputType: ActivationType, inputZeroPoint: Int32, epilogue: IntegerEpilogue = IntegerEpilogue(),
    workers: Int = 1, features: CPUFeatures = .current
  ) {
    self.parameters = parameters
    func strides(_ row: Int, _ batch: Int) -> ImageStrides { ImageStrides(batch: batch, row: row * parameters.rows, pixel: row) }
    convolution = ConvolutionI8(
      ConvolutionParameters(
        batch: parameters.batch, inputChannels: parameters.depth, outputChannels: parameters.columns, inputHeight: 1,
        inputWidth: parameters.rows, outputHeight: 1, outputWidth: parameters.rows, kernelHeight: 1, kernelWidth: 1),
      inputStrides: strides(parameters.aRowStride, parameters.aBatchStride),
      outputStrides: strides(parameters.cRowStride, parameters.cBatchStride),
      residualStrides: epilogue.residual == nil ? nil : strides(parameters.residualRowStride, parameters.residualBatchStride),
      inputType: inputType, inputZeroPoint: inputZeroPoint, epilogue: epilogue, workers: workers, features: features)
  }

  /// Packs the constant and what the epilogue needs of each column into ``packedWeightsByteCount`` bytes, to be aligned to 64.
  ///
  /// Element (k, n) is `source[k · columns + n]`, or, transposed, `source[n · depth + k]`. `scales` has A's scale times B's for each
  /// column, `bias` a value in real units.
  package func packWeights(
    from source: UnsafePointer<Int8>, transposed: Bool, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    into packed: UnsafeMutableRawPointer
  ) {
    if transposed { return convolution.packWeights(from: source, scales: scales, bias: bias, into: packed) }
    let columns = parameters.columns
    let depth = parameters.depth
    let copy = UnsafeMutablePointer<Int8>.allocate(capacity: max(columns * depth, 1))
    defer { copy.deallocate() }
    for n in 0..<columns {
      for k in 0..<depth { copy[n * depth + k] = source[k * columns + n] }
    }
    convolution.packWeights(from: copy, scales: scales, bias: bias, into: packed)
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make C.
  package func run(
    a: UnsafeRawPointer, b: UnsafeRawPointer, residual: UnsafeRawPointer?, c: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer,
    worker: Int, workers: Int
  ) {
    convolution.run(input: a, weights: b, residual: residual, output: c, scratch: scratch, worker: worker, workers: workers)
  }
}
