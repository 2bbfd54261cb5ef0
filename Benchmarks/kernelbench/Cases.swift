import KernelCore
import Kernels

// A benchmark of each family's kernel at a shape; `TableBenchmarks` and `ShapeBenchmarks` decide which kernels and shapes.

/// Percentages of what the machine can do that picks are held to.
enum Share {
  /// What moves elements about, of which some come one by one.
  static let movement = 70.0
  /// Elementwise functions, pooling, depthwise convolutions.
  static let elementwise = 80.0
  /// That of an elementwise function; of few elements the call is most of the time, and there is none.
  static func elementwise(of elements: Int) -> Double? { elements < 256 ? nil : elementwise }
  /// Products and convolutions.
  static let products = 90.0
}

private let floatSize = MemoryLayout<Float>.size

extension KernelDescriptor {
  /// This row as a benchmark.
  func benchmark(
    _ shape: String, operations: Double = 0, bytes: Int, pick: String, _ prepare: @escaping (Workspace) -> () -> Void
  ) -> Benchmark {
    Benchmark(
      kernel: name, shape: shape, operations: operations, bytes: Double(bytes), isPick: name == pick, prepare: prepare)
  }
}

extension UnaryKernel {
  func benchmark(_ shape: String, elements: Int) -> Benchmark {
    benchmark(shape, bytes: 2 * floatSize * elements, pick: UnaryKernels.function(for: operation).name) { workspace in
      let input = workspace.floats(elements)
      let output = workspace.floats(elements)
      return { run(input, output, elements, 0.5, 1) }
    }.taking(operation.instructions, elements: elements).held(to: Share.elementwise(of: elements))
  }
}

extension BinaryKernel {
  func benchmark(_ shape: String, rows: Int, columns: Int, form: KeyPath<BinaryFunctions, BinaryFunction> = \.vectorVector) -> Benchmark {
    let size = element.size
    let outputSize = operation.outputSize(element)
    let scalars = form == \.vectorVector ? columns : 1
    var benchmark = benchmark(
      shape, bytes: rows * (columns * (size + outputSize) + scalars * size),
      pick: BinaryKernels.function(for: operation, element: element)?.name ?? ""
    ) { workspace in
      let function = functions[keyPath: form]
      let a = workspace.bytes(rows * columns * size)
      // Other values than the first operand's.
      let b = workspace.bytes(64 + rows * columns * size) + 64
      let output = workspace.bytes(rows * columns * outputSize)
      return { function(a, columns * size, b, columns * size, output, columns * outputSize, rows, columns) }
    }.held(to: Share.elementwise(of: rows * columns))
    switch (operation, element) {
    case (_, .f32): benchmark = benchmark.taking(operation.instructions, elements: rows * columns)
    case (.divide, .i64), (.mod, .i64), (.floorMod, .i64): benchmark.demand.divisions[.int64] = Double(rows * columns)
    // Of a register of which several are made as doubles.
    case (.divide, .i32), (.mod, .i32), (.floorMod, .i32): benchmark.demand.divisions[.double] = Double(rows * columns)
    default: break
    }
    return benchmark
  }
}

extension CopyKernel {
  func benchmark(_ shape: String, rows: Int, columns: Int) -> Benchmark {
    let size = elementSize
    let pick = CopyKernels.function(pattern, elementSize: size, shortSide: min(rows, columns)).name
    return benchmark(shape, bytes: 2 * rows * columns * size, pick: pick) { workspace in
      let source = workspace.bytes(2 * rows * columns * size)
      let destination = workspace.bytes(2 * rows * columns * size)
      return {
        switch pattern {
        case .rows: run(source, columns * size, size, destination, columns * size, size, rows, columns)
        case .transpose: run(source, size, rows * size, destination, columns * size, size, rows, columns)
        case .strided: run(source, 2 * columns * size, 2 * size, destination, columns * size, size, rows, columns)
        }
      }
    }
  }
}

extension ConversionKernel {
  func benchmark(_ shape: String, elements: Int) -> Benchmark {
    let bits = conversion.rawValue.split(separator: "_").map { Int($0.drop { !$0.isNumber }) ?? 0 }
    return benchmark(
      shape, bytes: elements * (bits[0] + bits[1]) / 8, pick: ConversionKernels.function(for: conversion).name
    ) { workspace in
      let source = workspace.bytes(elements * bits[0] / 8)
      let destination = workspace.bytes(elements * bits[1] / 8)
      return { run(source, destination, elements) }
    }
  }
}

extension ReductionKernel {
  func benchmark(_ shape: String, outer: Int, axis: Int, inner: Int) -> Benchmark {
    benchmark(
      shape, bytes: floatSize * outer * inner * (axis + 1), pick: ReductionKernels.function(for: operation).name
    ) { workspace in
      let input = workspace.floats(outer * axis * inner)
      let output = workspace.floats(outer * inner)
      return { run(input, output, outer, axis, inner, 0, 1) }
    }
  }
}

extension SoftmaxKernel {
  func benchmark(_ shape: String, outer: Int, axis: Int, inner: Int) -> Benchmark {
    let count = outer * axis * inner
    return benchmark(
      shape, bytes: 2 * floatSize * count, pick: SoftmaxKernels.function(isLogarithmic: isLogarithmic).name
    ) { workspace in
      let input = workspace.floats(count)
      let output = workspace.floats(count)
      return { run(input, output, outer, axis, inner, 0, 1) }
    }
  }
}

extension NormalizationKernel {
  func benchmark(_ shape: String, outer: Int, axis: Int, inner: Int) -> Benchmark {
    let count = outer * axis * inner
    return benchmark(
      shape, bytes: 2 * floatSize * count, pick: NormalizationKernels.function(for: operation).name
    ) { workspace in
      let input = workspace.floats(count)
      let output = workspace.floats(count)
      let gamma = workspace.floats(max(axis, inner))
      return { run(input, output, gamma, gamma, 1e-5, outer, axis, inner, 0, 1) }
    }
  }
}

extension PoolingGeometry {
  /// Dense images; `input` and `output` are channels, height and width, `kernel`, `stride` and `pad` height and width.
  init(batch: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], pad: [Int]) {
    let channels = input[0]
    func axis(_ i: Int, _ inputStride: Int, _ outputStride: Int) -> PoolingGeometry.Axis {
      .init(
        input: input[i + 1], output: output[i + 1], kernel: kernel[i], stride: stride[i], padBegin: pad[i], padEnd: pad[i],
        inputStride: inputStride, outputStride: outputStride)
    }
    self.init(
      batch: batch, channels: channels, height: axis(0, channels * input[2], channels * output[2]), width: axis(1, channels, channels),
      inputBatchStride: input.reduce(1, *), outputBatchStride: output.reduce(1, *))
  }
}

extension PoolingKernel {
  /// `input` and `output` are channels, height and width; `kernel`, `stride` and `pad` height and width.
  func benchmark(_ shape: String, batch: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], pad: [Int]) -> Benchmark {
    let geometry = PoolingGeometry(batch: batch, input: input, output: output, kernel: kernel, stride: stride, pad: pad)
    let inputSize = input.reduce(1, *)
    let outputSize = output.reduce(1, *)
    return benchmark(
      shape, bytes: floatSize * batch * (inputSize + outputSize), pick: PoolingKernels.function(for: operation).name
    ) { workspace in
      let source = workspace.floats(batch * inputSize)
      let target = workspace.floats(batch * outputSize)
      return { withUnsafePointer(to: geometry) { run($0, source, target, 0, 1) } }
    }.held(to: Share.elementwise)
  }
}

extension RecurrentKernel {
  func benchmark(_ shape: String, rows: Int, size: Int) -> Benchmark {
    let floats: Int
    switch operation {
    case .lstm: floats = 7 * size
    case .gruReset: floats = 5 * size
    case .gruUpdate: floats = 4 * size
    case .gruLinearBeforeReset: floats = 8 * size
    }
    return benchmark(
      shape, bytes: floatSize * rows * floats, pick: RecurrentKernels.function(for: operation).name
    ) { workspace in
      let operands = (0..<4).map { _ in RecurrentRows(workspace.floats(rows * 4 * size), stride: 4 * size) }
      let (a, b, c, d) = (operands[0], operands[1], operands[2], operands[3])
      return { run(a, b, c, d, rows, size, .infinity, 0, 1) }
    }
  }
}
