import KernelCore

/// What makes a convolution of 8-bit integers.
struct IntegerConvolutionDescription: Sendable {
  var parameters: ConvolutionParameters
  var input: ImageStrides
  var output: ImageStrides
  var residual: ImageStrides?
  var inputType: ActivationType
  var inputZeroPoint: Int32
  var epilogue: IntegerEpilogue
  var features: CPUFeatures

  /// Bits to flip in each byte of the input, so that it is unsigned.
  var flip: UInt8 { inputType == .i8 ? 0x80 : 0 }
  /// The zero point, and so padding, once they are flipped.
  var zeroPoint: UInt8 { UInt8(truncatingIfNeeded: inputZeroPoint) ^ flip }

  /// Pixels of a dense image whose windows are single pixels, as one row.
  var asRows: IntegerConvolutionDescription {
    var result = self
    let p = parameters
    guard
      p.kernelHeight == 1 && p.kernelWidth == 1 && p.strideHeight == 1 && p.strideWidth == 1 && p.isInside && p.padTop == 0
        && p.padLeft == 0 && p.inputHeight == p.outputHeight && p.inputWidth == p.outputWidth
    else { return result }
    let strides = [input, output] + (residual.map { [$0] } ?? [])
    guard strides.allSatisfy({ $0.row == p.outputWidth * $0.pixel || p.outputHeight == 1 }) else { return result }
    var pixels = p.outputHeight * p.outputWidth
    if strides.allSatisfy({ $0.batch == pixels * $0.pixel || p.batch == 1 }) {
      pixels *= p.batch
      result.parameters.batch = 1
    }
    result.parameters.inputHeight = 1
    result.parameters.outputHeight = 1
    result.parameters.inputWidth = pixels
    result.parameters.outputWidth = pixels
    return result
  }
}

/// Pointers of one run, and the worker's place among its fellows.
struct IntegerConvolutionArguments {
  var input: UnsafeRawPointer
  var weights: UnsafeRawPointer
  var residual: UnsafeRawPointer?
  var output: UnsafeMutableRawPointer
  /// This worker's own.
  var scratch: UnsafeMutableRawPointer
  var worker: Int
  var workers: Int
}

/// An algorithm bound to a description.
protocol IntegerConvolutionImplementation: AnyObject, Sendable {
  var kernelName: String { get }
  var packedWeightsByteCount: Int { get }
  /// Of one worker.
  var scratchByteCount: Int { get }
  func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer)
  func run(_ arguments: IntegerConvolutionArguments)
}

/// The second stage of an ``IntegerEpilogue``, if it has one.
struct IntegerSecondStage: Sendable {
  private let epilogue: IntegerEpilogue
  private let scaling: IntegerScaling
  private let quantize: QuantizeFunction
  private let constants: ConstantTable<Float>

  init?(_ epilogue: IntegerEpilogue, _ scaling: IntegerScaling, _ features: CPUFeatures) {
    guard scaling.isStaged else { return nil }
    self.epilogue = epilogue
    self.scaling = scaling
    quantize = QuantizeKernels.function(features: features).run
    constants = ConstantTable([scaling.second.multiplier, scaling.second.offset])
  }

  /// The first stage's values need memory of their own, because the output holds integers.
  var needsMemory: Bool { epilogue.output != .f32 }

  /// Takes `rows` × `columns` values in place through the activation, and into the output. Strides are in elements.
  func run(
    _ values: UnsafeMutablePointer<Float>, rowStride: Int, rows: Int, columns: Int, residual: UnsafeRawPointer?,
    residualRowStride: Int, output: UnsafeMutableRawPointer, outputRowStride: Int
  ) {
    if let activation = epilogue.activation {
      let dense = rowStride == columns
      for row in 0..<(dense ? 1 : rows) {
        let c = values + row * rowStride
        activation(c, c, dense ? rows * columns : columns, epilogue.alpha, epilogue.beta)
      }
    }
    let late = scaling.residualIsEarly ? nil : residual
    if late == nil && epilogue.output == .f32 { return }
    var job = QuantizeRows(
      source: values, .f32, target: output, epilogue.output.type, multipliers: constants.base, addends: constants.base + 1, rows: rows,
      columns: columns)
    job.sourceRowStride = rowStride
    job.targetRowStride = outputRowStride
    if let late, let format = epilogue.residual {
      job.second = late
      job.secondType = format.type
      job.secondZeroPoint = scaling.second.residualZeroPoint
      job.secondMultiplier = scaling.second.residualMultiplier
      job.secondRowStride = residualRowStride
    }
    if let grid = epilogue.output.grid {
      job.lowest = Float(grid.lowest)
      job.highest = Float(grid.highest)
    }
    withUnsafePointer(to: job) { quantize($0) }
  }
}
