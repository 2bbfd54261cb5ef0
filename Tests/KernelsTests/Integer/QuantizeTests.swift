import KernelCore
import Kernels
import Testing

@Suite struct QuantizeTests {
  /// Values of a type, among them those that a grid rounds to even or bounds.
  static func values(_ type: ActivationType, _ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    if type != .f32 { return generator.bytes(count) }
    let special: [Float] = [0, -0.0, 0.25, -0.25, 0.75, 1e9, -1e9, .infinity, -.infinity, .nan, 1e-30]
    return (0..<count).flatMap { i in
      let value = i % 7 == 3 ? special[i / 7 % special.count] : Float.random(in: -50...50, using: &generator)
      return withUnsafeBytes(of: value) { Array($0) }
    }
  }

  /// Every pair of formats, one source and two, one grid and a grid a column, dense rows and gaps, for columns about registers.
  @Test func everyFormat() {
    var generator = SeededGenerator(seed: 31)
    for sourceType in ActivationType.allCases {
      for targetType in ActivationType.allCases {
        for secondType in [nil] + ActivationType.allCases.map(Optional.some) {
          for (rows, columns) in [(1, 1), (3, 4), (2, 7), (2, 8), (1, 9), (4, 16), (3, 33), (1, 100)] {
            for gap in [0, 3] {
              for perColumn in [false, true] {
                check(
                  sourceType, secondType, targetType, rows: rows, columns: columns, gap: gap, perColumn: perColumn, &generator)
              }
            }
          }
        }
      }
    }
  }

  private func check(
    _ sourceType: ActivationType, _ secondType: ActivationType?, _ targetType: ActivationType, rows: Int, columns: Int, gap: Int,
    perColumn: Bool, _ generator: inout SeededGenerator
  ) {
    func extent(_ gap: Int) -> Int { (rows - 1) * (columns + gap) + columns }
    let source = GuardedBytes(Self.values(sourceType, extent(gap), &generator))
    let second = secondType.map { GuardedBytes(Self.values($0, extent(gap), &generator)) }
    let multipliers = GuardedFloats((0..<columns).map { _ in Float.random(in: 0.5...3, using: &generator) })
    let addends = GuardedFloats((0..<columns).map { _ in Float.random(in: -20...20, using: &generator).rounded() })
    func run(_ function: QuantizeFunction) -> [UInt8] {
      let target = GuardedBytes(count: extent(2 * gap) * targetType.byteCount)
      var job = QuantizeRows(
        source: source.base, sourceType, target: target.base, targetType, multipliers: multipliers.base, addends: addends.base,
        rows: rows, columns: columns)
      job.perColumn = perColumn
      job.zeroPoint = 12
      job.sourceRowStride = columns + gap
      job.targetRowStride = columns + 2 * gap
      if let second, let secondType {
        job.second = UnsafeRawPointer(second.base)
        job.secondType = secondType
        job.secondZeroPoint = -7
        job.secondMultiplier = 0.3
        job.secondRowStride = columns + gap
      }
      if columns == 33 { job.lowest = -5 }
      if columns == 33 { job.highest = 90 }
      if columns == 33 && targetType == .u8 { job.lowest = 3 }
      withUnsafePointer(to: job) { function($0) }
      return target.values
    }
    withExtendedLifetime((source, second, multipliers, addends)) {
      let expected = run { referenceQuantize($0) }
      for kernel in QuantizeKernels.table.supported(by: .current) {
        #expect(
          same(run(kernel.run), expected, targetType),
          "\(kernel.name) \(sourceType) \(String(describing: secondType)) \(targetType) \(rows)x\(columns) gap \(gap)")
      }
    }
  }

  /// Equal bytes; of floats, NaNs are equal.
  private func same(_ a: [UInt8], _ b: [UInt8], _ type: ActivationType) -> Bool {
    if a == b { return true }
    guard type == .f32 else { return false }
    func floats(_ bytes: [UInt8]) -> [Float] {
      bytes.withUnsafeBytes { raw in (0..<bytes.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) } }
    }
    return zip(floats(a), floats(b)).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
  }

  @Test(arguments: PoolingOperation.allCases) func pooling(_ operation: PoolingOperation) {
    var generator = SeededGenerator(seed: 41)
    let shapes = [
      // Input and output height and width, kernel, stride, dilation, padding.
      (5, 6, 5, 6, 3, 1, 1, 1), (8, 7, 4, 4, 3, 2, 1, 1), (7, 7, 1, 1, 7, 1, 1, 0), (6, 6, 3, 3, 2, 2, 1, 0), (9, 8, 5, 4, 3, 1, 2, 0),
      (3, 3, 5, 5, 1, 1, 1, 1),
    ]
    for (height, width, outputHeight, outputWidth, kernel, stride, dilation, pad) in shapes {
      for channels in [1, 3, 4, 8, 15, 16, 31, 32, 33, 64, 70, 130] {
        for type in [ActivationType.u8, .i8] {
          let input = grid(type, 2)
          let outputs: [ActivationFormat] =
            operation == .maximum ? [.quantized(input)] : [.f32, .quantized(grid(.u8, 1)), .quantized(grid(.i8, 3))]
          for output in outputs {
            let gap = channels % 3
            func axis(_ input: Int, _ output: Int, _ inputStride: Int, _ outputStride: Int) -> PoolingGeometry.Axis {
              .init(
                input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padBegin: pad, padEnd: pad,
                inputStride: inputStride, outputStride: outputStride)
            }
            let pixel = channels + gap
            let geometry = PoolingGeometry(
              batch: 2, channels: channels, height: axis(height, outputHeight, width * pixel, outputWidth * pixel),
              width: axis(width, outputWidth, pixel, pixel), inputBatchStride: height * width * pixel,
              outputBatchStride: outputHeight * outputWidth * pixel)
            let source = GuardedBytes(generator.bytes(2 * height * width * pixel - gap))
            let count = (2 * outputHeight * outputWidth * pixel - gap) * output.type.byteCount
            let pooling = IntegerPooling(geometry, input: input, output: output)
            let expected = GuardedBytes(count: count)
            withUnsafePointer(to: pooling) { referenceIntegerPooling(operation, $0, source.base, expected.base, 0, 1) }
            for row in IntegerPoolingKernels.table.supported(by: .current) where row.operation == operation {
              let target = GuardedBytes(count: count)
              withUnsafePointer(to: pooling) {
                for worker in 0..<3 { row.run($0, source.base, target.base, worker, 3) }
              }
              #expect(target.values == expected.values, "\(row.name) \(channels) channels, \(type) to \(output)")
            }
          }
        }
      }
    }
  }
}
