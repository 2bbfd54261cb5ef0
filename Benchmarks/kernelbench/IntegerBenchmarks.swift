import KernelCore
import Kernels

// The integer kernels. How fast a product is may depend on its values, because sums of 16 bits are used where they are exact; so
// benchmarks of products come with values as networks have them, and, named `uniform`, with any.

/// Values of 8-bit operands.
enum IntegerValues: CaseIterable {
  /// Activations after a ReLU, half of them zero, and weights with a normal distribution's spread and scaled by their greatest.
  case network
  /// All bytes alike.
  case uniform

  func activations(_ workspace: Workspace, _ count: Int) -> UnsafeMutableRawPointer {
    let bytes = workspace.bytes(count)
    fill(bytes, count) { self == .uniform ? UInt8(truncatingIfNeeded: Int($0 * 127)) : UInt8(max(0, min(255, $1 * 45))) }
    return bytes
  }

  func weights(_ workspace: Workspace, _ count: Int) -> UnsafePointer<Int8> {
    let bytes = workspace.bytes(count)
    fill(bytes, count) { UInt8(bitPattern: Int8(max(-127, min(127, self == .uniform ? $0 * 127 : $1 * 40)))) }
    return UnsafePointer(bytes.assumingMemoryBound(to: Int8.self))
  }

  /// Each byte from a number uniform in −1...1 and one of about normal distribution.
  private func fill(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ byte: (Float, Float) -> UInt8) {
    var state: UInt32 = 99
    func next() -> Float {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int32(bitPattern: state) >> 8) * 0x1p-23
    }
    for i in 0..<count {
      let u = next()
      bytes.storeBytes(of: byte(u, u + next() + next()), toByteOffset: i, as: UInt8.self)
    }
  }
}

/// u8 activations to u8, every instruction set.
func integerConvolutionBenchmarks(_ line: ShapeLine, _ p: ConvolutionParameters) -> [Benchmark] {
  let inputStrides = ImageStrides.channelsLast(height: p.inputHeight, width: p.inputWidth, channels: p.inputChannels)
  let outputStrides = ImageStrides.channelsLast(height: p.outputHeight, width: p.outputWidth, channels: p.outputChannels)
  let epilogue = IntegerEpilogue(hasBias: true, output: .quantized(QuantizedGrid(.u8, scale: 0.1, zeroPoint: 0)))
  func make(_ features: CPUFeatures, _ algorithm: IntegerConvolutionAlgorithm? = nil) -> ConvolutionI8 {
    ConvolutionI8(
      p, inputStrides: inputStrides, outputStrides: outputStrides, inputType: .u8, inputZeroPoint: 0, epilogue: epilogue,
      features: features, algorithm: algorithm)
  }
  let inputCount = p.batch * p.inputHeight * p.inputWidth * p.inputChannels
  let outputCount = p.batch * p.outputHeight * p.outputWidth * p.outputChannels
  let weightCount = p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth
  let picked = make(.current).kernelName
  return IntegerValues.allCases.flatMap { values in
    withoutRepetition(
      levels.flatMap { features in
        ConvolutionI8.algorithms(for: p, inputStrides: inputStrides, features: features).map { make(features, $0) }
      }.map { convolution in
        Benchmark(
          kernel: convolution.kernelName, shape: line.text + (values == .uniform ? " uniform" : ""),
          operations: 2 * Double(p.multiplyAdditions), bytes: Double(inputCount + outputCount + weightCount),
          isPick: values == .network && convolution.kernelName == picked, isInteger: true
        ) { workspace in
          let source = values.activations(workspace, inputCount)
          let target = workspace.bytes(outputCount)
          let packed = workspace.bytes(convolution.packedWeightsByteCount)
          let scratch = workspace.bytes(convolution.scratchByteCount)
          let floats = workspace.floats(p.outputChannels)
          convolution.packWeights(from: values.weights(workspace, weightCount), scales: floats, bias: floats, into: packed)
          return {
            convolution.run(input: source, weights: packed, residual: nil, output: target, scratch: scratch, worker: 0, workers: 1)
          }
        }
      })
  }
}

/// A product is the convolution of an image of one row.
func integerProductBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  let rows = line.number("rows")
  return integerConvolutionBenchmarks(
    line,
    ConvolutionParameters(
      inputChannels: line.number("depth"), outputChannels: line.number("columns"), inputHeight: 1, inputWidth: rows, outputHeight: 1,
      outputWidth: rows, kernelHeight: 1, kernelWidth: 1))
}

extension IntegerPoolingKernel {
  /// `input` and `output` are channels, height and width; `kernel`, `stride` and `pad` height and width.
  func benchmark(_ shape: String, batch: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], pad: [Int]) -> Benchmark {
    let geometry = PoolingGeometry(
      batch: batch, input: input, output: output, kernel: kernel, stride: stride, pad: pad)
    let grid = QuantizedGrid(.u8, scale: 1)
    let pooling = IntegerPooling(geometry, input: grid, output: .quantized(grid))
    let inputCount = batch * input.reduce(1, *)
    let outputCount = batch * output.reduce(1, *)
    return benchmark(shape, bytes: inputCount + outputCount, pick: IntegerPoolingKernels.function(for: operation).name) { workspace in
      let source = workspace.bytes(inputCount)
      let target = workspace.bytes(outputCount)
      return { withUnsafePointer(to: pooling) { run($0, source, target, 0, 1) } }
    }
  }
}

extension QuantizeKernel {
  /// `count` values from a type, or from two of them, to another.
  func benchmark(_ count: Int, _ source: ActivationType, second: ActivationType? = nil, _ target: ActivationType) -> Benchmark {
    let bytes = count * (source.byteCount + (second?.byteCount ?? 0) + target.byteCount)
    let shape = "\(source)\(second.map { "+\($0)" } ?? "") to \(target), \(count)"
    return benchmark(shape, bytes: bytes, pick: QuantizeKernels.function().name) { workspace in
      let constants = workspace.floats(2)
      var job = QuantizeRows(
        source: workspace.bytes(4 * count), source, target: workspace.bytes(4 * count), target, multipliers: constants,
        addends: constants + 1, rows: 1, columns: count)
      if let second {
        job.second = UnsafeRawPointer(workspace.bytes(4 * count))
        job.secondType = second
      }
      return { withUnsafePointer(to: job) { run($0) } }
    }
  }
}

/// Every quantising and pooling kernel of the tables that this machine runs.
func integerTableBenchmarks() -> [Benchmark] {
  let features = CPUFeatures.current
  var list: [Benchmark] = []
  for kernel in QuantizeKernels.table.supported(by: features) {
    list.append(kernel.benchmark(4096, .f32, .u8))
    list.append(kernel.benchmark(4096, .u8, .f32))
    list.append(kernel.benchmark(4096, .u8, .i8))
    list.append(kernel.benchmark(4096, .u8, second: .u8, .u8))
    list.append(kernel.benchmark(1 << 20, .f32, .u8))
  }
  for kernel in IntegerPoolingKernels.table.supported(by: features) {
    list.append(
      kernel.benchmark(
        "64x56x56 3x3", batch: 1, input: [64, 56, 56], output: [64, 28, 28], kernel: [3, 3], stride: [2, 2], pad: [1, 1]))
  }
  return list
}

/// Every instruction set for a product with a constant, compressed to each type; four bits in groups of 128.
func compressedProductBenchmarks(_ line: ShapeLine) -> [Benchmark] {
  guard line.number("batch") == 1 else { return [] }
  let rows = line.number("rows")
  let columns = line.number("columns")
  let depth = line.number("depth")
  let parameters = GEMMParameters(rows: rows, columns: columns, depth: depth)
  return [CompressedType.i8, .u4, .nf4].flatMap { type in
    let groupSize = type.bits == 8 ? depth : 128
    let picked = CompressedGEMM(parameters, type: type, groupSize: groupSize).kernelName
    return withoutRepetition(
      levels.map { features in
        let product = CompressedGEMM(parameters, type: type, groupSize: groupSize, features: features)
        return Benchmark(
          kernel: product.kernelName, shape: line.text, operations: 2 * Double(rows * columns * depth),
          bytes: Double(4 * rows * (depth + columns) + depth * columns * type.bits / 8), isPick: product.kernelName == picked
        ) { workspace in
          let a = workspace.floats(rows * depth)
          let c = workspace.floats(rows * columns)
          let scales = workspace.floats(columns * ((depth + groupSize - 1) / groupSize))
          let packed = workspace.bytes(product.packedWeightsByteCount)
          let scratch = workspace.bytes(product.scratchByteCount)
          product.packWeights(
            from: workspace.bytes(depth * columns), transposed: true, scales: scales, zeroPoints: nil, into: packed)
          return { product.run(a: a, b: packed, bias: nil, residual: nil, c: c, scratch: scratch, worker: 0, workers: 1) }
        }
      })
  }
}
