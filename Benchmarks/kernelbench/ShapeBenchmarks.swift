import KernelCore
import Kernels

/// The kernels that this machine runs for a line of a shape list.
func shapeBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  let features = CPUFeatures.current
  func rows<Row: KernelDescriptor>(_ table: [Row], _ operation: (Row) -> String) -> [Row] {
    table.supported(by: features).filter { operation($0) == line.string("operation") }
  }
  switch line.kind {
  case "conv": return convolutionBenchmarks(line).map { held($0, line) }
  case "conv_i8": return integerConvolutionBenchmarks(line, convolutionParameters(line))
  case "gemm": return productBenchmarks(line).map { held($0, line) } + compressedProductBenchmarks(line)
  case "gemm_i8": return integerProductBenchmarks(line)
  case "unary":
    return rows(UnaryKernels.table) { $0.operation.rawValue }.map { $0.benchmark(line.text, elements: line.number("elements")) }
  case "binary":
    return rows(BinaryKernels.table) { $0.element == .f32 ? $0.operation.rawValue : "" }.map {
      $0.benchmark(line.text, rows: 1, columns: line.number("elements"))
    }
  case "pool":
    return rows(PoolingKernels.table) { $0.operation.rawValue }.map {
      $0.benchmark(
        line.text, batch: line.number("batch"), input: line.numbers("input"), output: line.numbers("output"),
        kernel: line.numbers("kernel"), stride: line.numbers("stride"), pad: line.numbers("pad"))
    }
  case "pool_i8":
    return rows(IntegerPoolingKernels.table) { $0.operation.rawValue }.map {
      $0.benchmark(
        line.text, batch: line.number("batch"), input: line.numbers("input"), output: line.numbers("output"),
        kernel: line.numbers("kernel"), stride: line.numbers("stride"), pad: line.numbers("pad"))
    }
  case "reduction":
    return rows(ReductionKernels.table) { $0.operation.rawValue }.map {
      $0.benchmark(line.text, outer: line.number("outer"), axis: line.number("axis"), inner: line.number("inner"))
    }
  case "normalization":
    return rows(NormalizationKernels.table) { $0.operation.rawValue }.map {
      $0.benchmark(line.text, outer: line.number("outer"), axis: line.number("axis"), inner: line.number("inner"))
    }
  case "softmax":
    return SoftmaxKernels.table.supported(by: features).filter { !$0.isLogarithmic }.map {
      $0.benchmark(line.text, outer: line.number("outer"), axis: line.number("axis"), inner: line.number("inner"))
    }
  case "transpose": return transposeBenchmarks(line)
  default: fail("\(line.text): unknown kind", code: 65)
  }
}

/// Depthwise convolutions are held to what binds them everywhere, products and other convolutions on ResNet-50's shapes.
private func held(_ benchmark: Benchmark, _ line: ShapeLine) -> Benchmark {
  if benchmark.kernel.hasPrefix("depthwise") { return benchmark.held(to: Share.elementwise) }
  return line.model == "resnet50" ? benchmark.held(to: Share.products) : benchmark
}

/// A transposition of 32-bit elements as a copy plan, with every kernel of its pattern.
private func transposeBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  let shape = line.numbers("shape")
  let order = line.numbers("order")
  func dense(_ shape: [Int]) -> [Int] { shape.indices.map { shape[($0 + 1)...].reduce(1, *) } }
  let strides = dense(shape)
  let target = order.map { shape[$0] }
  let count = shape.reduce(1, *)
  guard
    let plan = CopyPlan(
      shape: target, sourceStrides: order.map { strides[$0] }, destinationStrides: dense(target), elementSize: 4)
  else { return [] }
  let pick = CopyKernels.function(for: plan).name
  return CopyKernels.table.supported(by: .current).filter { $0.pattern == plan.pattern && $0.elementSize == 4 }.map { kernel in
    kernel.benchmark(line.text, bytes: 8 * count, pick: pick) { workspace in
      let source = workspace.floats(count)
      let destination = workspace.floats(count)
      return { plan.run(kernel.run, source: source, destination: destination) }
    }
  }
}

/// The instruction sets that this machine has, best first.
let levels: [CPUFeatures] = [.current, .current.intersection(.avx2), []]

/// Drops benchmarks of a kernel and shape that came before, as where an instruction set has no kernel of its own.
func withoutRepetition(_ list: [Benchmark]) -> [Benchmark] {
  var seen: Set<String> = []
  return list.filter { seen.insert($0.kernel).inserted }
}

/// The sizes of a line's convolution.
private func convolutionParameters(_ line: ShapeLine) -> ConvolutionParameters {
  let input = line.numbers("input")
  let output = line.numbers("output")
  let kernel = line.numbers("kernel")
  let stride = line.numbers("stride")
  let dilation = line.numbers("dilation")
  let pad = line.numbers("pad")
  return ConvolutionParameters(
    batch: line.number("batch"), groups: line.number("groups"), inputChannels: input[0], outputChannels: output[0],
    inputHeight: input[1], inputWidth: input[2], outputHeight: output[1], outputWidth: output[2], kernelHeight: kernel[0],
    kernelWidth: kernel[1], strideHeight: stride[0], strideWidth: stride[1], dilationHeight: dilation[0], dilationWidth: dilation[1],
    padTop: pad[0], padLeft: pad[1])
}

/// Every algorithm and instruction set for a convolution.
private func convolutionBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  let input = line.numbers("input")
  let output = line.numbers("output")
  let parameters = convolutionParameters(line)
  let inputStrides = ImageStrides.channelsLast(height: input[1], width: input[2], channels: input[0])
  let outputStrides = ImageStrides.channelsLast(height: output[1], width: output[2], channels: output[0])
  let inputCount = parameters.batch * input.reduce(1, *)
  let outputCount = parameters.batch * output.reduce(1, *)
  let weightCount = output[0] * parameters.groupInputChannels * parameters.kernelHeight * parameters.kernelWidth
  let picked = ConvolutionF32(parameters, inputStrides: inputStrides, outputStrides: outputStrides)
  func name(_ convolution: ConvolutionF32) -> String { "\(convolution.kernelName) \(convolution.algorithm)" }
  return withoutRepetition(
    levels.flatMap { features in
      ConvolutionF32.algorithms(for: parameters, inputStrides: inputStrides).map { algorithm in
        let convolution = ConvolutionF32(
          parameters, inputStrides: inputStrides, outputStrides: outputStrides, features: features, algorithm: algorithm)
        return Benchmark(
          kernel: name(convolution), shape: line.text, operations: 2 * Double(parameters.multiplyAdditions),
          bytes: 4 * Double(inputCount + outputCount + weightCount), isPick: name(convolution) == name(picked)
        ) { workspace in
          let source = workspace.floats(inputCount)
          let target = workspace.floats(outputCount)
          let packed = workspace.bytes(convolution.packedWeightsByteCount)
          let scratch = workspace.bytes(convolution.scratchByteCount)
          convolution.packWeights(from: workspace.floats(weightCount), .f32, into: packed)
          return {
            convolution.run(
              input: source, weights: packed, bias: nil, residual: nil, output: target, scratch: scratch, worker: 0, workers: 1)
          }
        }
      }
    })
}

/// Every instruction set for a product with a constant, or with a value where it is batched.
private func productBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  let batch = line.number("batch")
  let rows = line.number("rows")
  let columns = line.number("columns")
  let depth = line.number("depth")
  var parameters = GEMMParameters(
    rows: rows, columns: columns, depth: depth,
    b: batch == 1 ? .constant(.f32) : .value(rowStride: columns, transposed: false, batchStride: depth * columns))
  parameters.batch = batch
  parameters.aBatchStride = rows * depth
  parameters.cBatchStride = rows * columns
  let picked = GEMMF32(parameters).kernelName
  return withoutRepetition(
    levels.map { features in
      let product = GEMMF32(parameters, features: features)
      return Benchmark(
        kernel: product.kernelName, shape: line.text, operations: 2 * Double(batch * rows * columns * depth),
        bytes: 4 * Double(batch * (rows * depth + depth * columns + rows * columns)), isPick: product.kernelName == picked
      ) { workspace in
        let a = workspace.floats(batch * rows * depth)
        let b = workspace.floats(batch * depth * columns)
        let c = workspace.floats(batch * rows * columns)
        let scratch = workspace.bytes(product.scratchByteCount)
        let second: UnsafeMutableRawPointer
        if batch == 1 {
          second = workspace.bytes(product.packedWeightsByteCount)
          product.packWeights(from: b, .f32, transposed: false, into: second)
        } else {
          second = UnsafeMutableRawPointer(b)
        }
        return { product.run(a: a, b: second, bias: nil, residual: nil, c: c, scratch: scratch, worker: 0, workers: 1) }
      }
    })
}
