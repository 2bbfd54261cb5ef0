import KernelCore

/// A two-dimensional transposed convolution (the gradient of a convolution by its input) of single-precision images.
///
/// Output pixels whose coordinates leave the same remainder by the strides see the input through the same taps, side by side: each
/// such phase is an ordinary convolution that writes every stride-th pixel.
package final class TransposedConvolutionF32: Sendable {
  /// The taps along one axis that one phase uses, and the convolution along that axis that they make.
  private struct AxisPhase {
    /// The first output coordinate, and how many follow at steps of the stride.
    var first: Int
    var count: Int
    /// From the last to the first, which is the order in which the input meets them.
    var taps: [Int]
    var dilation: Int
    var pad: Int

    static func phases(output: Int, kernel: Int, stride: Int, dilation: Int, pad: Int) -> [AxisPhase] {
      (0..<min(stride, output)).map { first in
        let taps = (0..<kernel).filter { (first + pad - $0 * dilation) % stride == 0 }.reversed() as [Int]
        let offsets = taps.map { (first + pad - $0 * dilation) / stride }
        return AxisPhase(
          first: first, count: (output - first + stride - 1) / stride, taps: taps,
          dilation: offsets.count > 1 ? offsets[1] - offsets[0] : 1, pad: -(offsets.first ?? 0))
      }
    }
  }

  private struct Phase: Sendable {
    var convolution: ConvolutionF32
    var outputOffset: Int
    var residualOffset: Int
    var weightOffset: Int
    var rowTaps: [Int]
    var columnTaps: [Int]
  }

  /// Pixels that no tap reaches.
  private struct EmptyPhase: Sendable {
    var firstRow: Int
    var rows: Int
    var firstColumn: Int
    var columns: Int
  }

  package let parameters: ConvolutionParameters
  package let workers: Int
  /// The kernel that runs, as in `transposed_conv_f32_6x16_avx2`.
  package let kernelName: String
  package let packedWeightsByteCount: Int
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { workerScratchByteCount * workers }
  /// Of one worker: what the greediest phase needs, because nobody waits for the others between phases.
  private let workerScratchByteCount: Int
  /// The largest error of a result, as a part of the sum of the magnitudes of what is added to make it.
  package var errorBound: Float { phases.map(\.convolution.errorBound).max() ?? 0 }
  private let outputStrides: ImageStrides
  private let residualStrides: ImageStrides?
  private let epilogue: Epilogue
  private let phases: [Phase]
  private let emptyPhases: [EmptyPhase]

  /// Sizes are those of the transposed convolution: output pixel (y, x) receives input pixel (i, j) through tap (k, l) where
  /// y = i · stride + k · dilation − pad, likewise for x. The other arguments are those of ``ConvolutionF32``.
  package init(
    _ parameters: ConvolutionParameters, inputStrides: ImageStrides, outputStrides: ImageStrides,
    residualStrides: ImageStrides? = nil, epilogue: Epilogue = Epilogue(), weightType: WeightType = .f32, workers: Int = 1,
    features: CPUFeatures = .current
  ) {
    let p = parameters
    self.parameters = parameters
    self.workers = workers
    self.outputStrides = outputStrides
    self.residualStrides = residualStrides
    self.epilogue = epilogue
    var phases: [Phase] = []
    var emptyPhases: [EmptyPhase] = []
    var weightBytes = 0
    let rowPhases = AxisPhase.phases(
      output: p.outputHeight, kernel: p.kernelHeight, stride: p.strideHeight, dilation: p.dilationHeight, pad: p.padTop)
    let columnPhases = AxisPhase.phases(
      output: p.outputWidth, kernel: p.kernelWidth, stride: p.strideWidth, dilation: p.dilationWidth, pad: p.padLeft)
    for row in rowPhases {
      for column in columnPhases {
        guard !row.taps.isEmpty && !column.taps.isEmpty else {
          emptyPhases.append(EmptyPhase(firstRow: row.first, rows: row.count, firstColumn: column.first, columns: column.count))
          continue
        }
        func strided(_ strides: ImageStrides) -> ImageStrides {
          ImageStrides(batch: strides.batch, row: strides.row * p.strideHeight, pixel: strides.pixel * p.strideWidth)
        }
        func offset(_ strides: ImageStrides) -> Int { row.first * strides.row + column.first * strides.pixel }
        let convolution = ConvolutionF32(
          ConvolutionParameters(
            batch: p.batch, groups: p.groups, inputChannels: p.inputChannels, outputChannels: p.outputChannels,
            inputHeight: p.inputHeight, inputWidth: p.inputWidth, outputHeight: row.count, outputWidth: column.count,
            kernelHeight: row.taps.count, kernelWidth: column.taps.count, dilationHeight: row.dilation, dilationWidth: column.dilation,
            padTop: row.pad, padLeft: column.pad),
          inputStrides: inputStrides, outputStrides: strided(outputStrides), residualStrides: residualStrides.map(strided),
          epilogue: epilogue, weightType: weightType, workers: workers, features: features)
        phases.append(
          Phase(
            convolution: convolution, outputOffset: offset(outputStrides), residualOffset: residualStrides.map(offset) ?? 0,
            weightOffset: weightBytes, rowTaps: row.taps, columnTaps: column.taps))
        weightBytes += convolution.packedWeightsByteCount.roundedUp(to: 64)
      }
    }
    self.phases = phases
    self.emptyPhases = emptyPhases
    packedWeightsByteCount = weightBytes
    workerScratchByteCount = phases.map(\.convolution.workerScratchByteCount).max() ?? 0
    kernelName = "transposed_" + (phases.first?.convolution.kernelName ?? "fill")
  }

  /// Packs weights of shape I×O×kh×kw (of groups: G×I/G×O/G×kh×kw) into ``packedWeightsByteCount`` bytes.
  /// There are no factors.
  package func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    precondition(source.factors == nil, "output channels do not lie one after the other")
    packWeights(from: source.base, source.type, into: packed)
  }

  /// Packs weights that are not multiplied by anything.
  package func packWeights(from source: UnsafeRawPointer, _ type: WeightType, into packed: UnsafeMutableRawPointer) {
    let p = parameters
    let inputs = p.groupInputChannels
    let outputs = p.groupOutputChannels
    for phase in phases {
      let taps = phase.rowTaps.count * phase.columnTaps.count
      let size = type.byteCount
      let weights = UnsafeMutableRawPointer.allocate(byteCount: p.outputChannels * inputs * taps * size, alignment: 16)
      defer { weights.deallocate() }
      var target = weights
      for output in 0..<p.outputChannels {
        let group = output / outputs
        for input in 0..<inputs {
          let kernel = ((group * inputs + input) * outputs + output % outputs) * p.kernelHeight * p.kernelWidth
          for row in phase.rowTaps {
            for column in phase.columnTaps {
              target.copyMemory(from: source + (kernel + row * p.kernelWidth + column) * size, byteCount: size)
              target += size
            }
          }
        }
      }
      phase.convolution.packWeights(from: weights, type, into: packed + phase.weightOffset)
    }
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make the output.
  package func run(
    input: UnsafePointer<Float>, weights: UnsafeRawPointer, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    for index in phases.indices {
      phases[index].convolution.run(
        ConvolutionArguments(
          input: input, weights: weights + phases[index].weightOffset, bias: bias,
          residual: residual.map { $0 + phases[index].residualOffset }, output: output + phases[index].outputOffset,
          scratch: scratch + worker * workerScratchByteCount, worker: worker, workers: workers))
    }
    for phase in emptyPhases { fill(phase, bias: bias, residual: residual, output: output, worker: worker, workers: workers) }
  }

  /// Stores what the epilogue makes of zero.
  private func fill(
    _ phase: EmptyPhase, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    worker: Int, workers: Int
  ) {
    let p = parameters
    let late = epilogue.residualAfterActivation
    for line in WorkGrid.part(worker, of: workers, count: p.batch * phase.rows) {
      let image = line / phase.rows
      let y = phase.firstRow + line % phase.rows * p.strideHeight
      for i in 0..<phase.columns {
        let x = phase.firstColumn + i * p.strideWidth
        let pixel = output + (image * outputStrides.batch + y * outputStrides.row + x * outputStrides.pixel)
        var added: UnsafePointer<Float>?
        if let residual, let strides = residualStrides { added = residual + (image * strides.batch + y * strides.row + x * strides.pixel) }
        for channel in 0..<p.outputChannels {
          let sum = (bias?[channel] ?? 0) + (late ? 0 : added?[channel] ?? 0)
          pixel[channel] = sum < epilogue.minimum ? epilogue.minimum : sum > epilogue.maximum ? epilogue.maximum : sum
        }
        epilogue.activate(
          pixel, rowStride: p.outputChannels, rows: 1, columns: p.outputChannels, residual: late ? added : nil, residualRowStride: 0)
      }
    }
  }
}
