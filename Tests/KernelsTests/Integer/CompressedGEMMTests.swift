import KernelCore
import Kernels
import Testing

@Suite struct CompressedGEMMTests {
  /// Elements of few bits, in the order in which a file has them.
  struct Source {
    var bytes: [UInt8]
    var values: [Float]

    init(_ type: CompressedType, _ count: Int, _ generator: inout SeededGenerator) {
      bytes = [UInt8](repeating: 0, count: (count * type.bits + 7) / 8)
      values = []
      for i in 0..<count {
        let code = UInt8.random(in: 0...(type.bits == 8 ? 255 : 15), using: &generator)
        if type.bits == 8 { bytes[i] = code } else { bytes[i / 2] |= code << UInt8(i % 2 * 4) }
        switch type {
        case .u8, .u4: values.append(Float(code))
        case .i8: values.append(Float(Int8(bitPattern: code)))
        case .i4: values.append(Float(Int8(bitPattern: code << 4) >> 4))
        case .nf4: values.append(nf4Values[Int(code)])
        }
      }
    }
  }

  func check(
    batch: Int = 1, _ rows: Int, _ columns: Int, _ depth: Int, _ type: CompressedType,
    groupSize: Int, zeroPoints: Bool, transposed: Bool,
    gap: Int = 0, isInPlace: Bool = false, biasAxis: GEMMParameters.BiasAxis = .columns, epilogue: Epilogue = Epilogue(),
    seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    var p = GEMMParameters(rows: rows, columns: columns, depth: depth)
    p.batch = batch
    p.aRowStride = depth + gap
    p.aBatchStride = rows * p.aRowStride
    p.cRowStride = columns + gap
    p.cBatchStride = rows * p.cRowStride
    p.residualRowStride = columns
    p.residualBatchStride = rows * columns
    p.biasAxis = biasAxis
    let source = Source(type, depth * columns, &generator)
    let groups = (depth + groupSize - 1) / groupSize
    let scales = (0..<groups * columns).map { _ in Float.random(in: 0.01...0.03, using: &generator)
    }
    let most: Float = type.bits == 8 ? 255 : 15
    let zeros =
      zeroPoints
      ? (0..<groups * columns).map { _ in Float.random(in: -most...most, using: &generator).rounded() }
      : nil
    var weights = [Float](repeating: 0, count: depth * columns)
    for k in 0..<depth {
      for n in 0..<columns {
        let group = transposed ? n * groups + k / groupSize : k / groupSize * columns + n
        weights[k * columns + n] =
          (source.values[transposed ? n * depth + k : k * columns + n] - (zeros?[group] ?? 0))
          * scales[group]
      }
    }
    let a = GuardedFloats(
      generator.floats((batch - 1) * p.aBatchStride + (rows - 1) * p.aRowStride + depth))
    let bias =
      epilogue.hasBias
      ? GuardedFloats(generator.floats(biasAxis == .columns ? columns : rows)) : nil
    let residual =
      epilogue.hasResidual ? GuardedFloats(generator.floats(batch * rows * columns)) : nil
    let count = (batch - 1) * p.cBatchStride + (rows - 1) * p.cRowStride + columns
    let expected = GuardedFloats(count: count)
    let magnitudes = GuardedFloats(count: count, fill: 0)
    withExtendedLifetime((a, bias, residual)) {
      referenceGEMM(
        p, a: a.base, b: weights, bRowStride: columns, bColumnStride: 1, bBatchStride: 0,
        bias: bias.map { UnsafePointer($0.base) },
        residual: residual.map { UnsafePointer($0.base) }, epilogue: epilogue, c: expected.base,
        magnitudes: magnitudes.base)
    }
    for features in testedFeatures {
      for workers in [1, 3] {
        let product = CompressedGEMM(
          p, type: type, groupSize: groupSize, epilogue: epilogue, workers: workers,
          features: features)
        let packed = AlignedBytes(product.packedWeightsByteCount)
        product.packWeights(
          from: source.bytes, transposed: transposed, scales: scales, zeroPoints: zeros,
          into: packed.base)
        let scratch = AlignedBytes(product.scratchByteCount)
        let c = GuardedFloats(count: count)
        let places = (0..<batch * rows * columns).map {
          ($0, $0 / (rows * columns) * p.cBatchStride + $0 / columns % rows * p.cRowStride + $0 % columns)
        }
        if isInPlace, let residual { for (from, to) in places { c.base[to] = residual.base[from] } }
        withExtendedLifetime((a, bias, residual, packed, scratch)) {
          for worker in 0..<workers {
            product.run(
              a: a.base, b: packed.base, bias: bias.map { UnsafePointer($0.base) },
              residual: isInPlace ? UnsafePointer(c.base) : residual.map { UnsafePointer($0.base) },
              c: c.base, scratch: scratch.base, worker: worker, workers: workers)
          }
        }
        let worst = SumTolerance.worst(
          c.values, expected.values, magnitudes.values, SumTolerance.sum)
        #expect(
          worst == nil,
          "\(product.kernelName) \(workers) workers, groups of \(groupSize), seed \(seed), \(p)")
      }
    }
  }

  @Test(arguments: CompressedType.allCases) func types(_ type: CompressedType) {
    var seed: UInt64 = 60
    for (rows, columns, depth) in [
      (1, 37, 50), (2, 16, 64), (3, 8, 33), (4, 33, 128), (5, 24, 70), (6, 17, 20), (8, 40, 66),
      (8, 7, 31), (20, 40, 500), (1, 5, 1), (8, 64, 40), (9, 130, 66), (12, 65, 33), (16, 100, 70), (22, 128, 20),
    ] {
      for groupSize in [depth, 32, 5] {
        for transposed in [false, true] {
          for zeroPoints in type == .nf4 ? [false] : [false, true] {
            seed += 1
            check(
              rows, columns, depth, type, groupSize: groupSize, zeroPoints: zeroPoints,
              transposed: transposed, gap: rows % 2, seed: seed)
          }
        }
      }
    }
  }

  /// Greater zero points, or some between integers, would be rounded where codes become floats.
  @Test func zeroPoints() {
    for type in [CompressedType.u8, .i8, .u4, .i4] {
      #expect(CompressedGEMM.canSubtract(0, type) && CompressedGEMM.canSubtract(-32768, type))
      #expect(!CompressedGEMM.canSubtract(7.5, type) && !CompressedGEMM.canSubtract(32769, type) && !CompressedGEMM.canSubtract(.nan, type))
    }
    #expect(CompressedGEMM.canSubtract(0.25, .nf4))
  }

  /// The residual lies where the output does, as the compiler has it wherever it can, and the depth is several blocks.
  @Test func residualsInPlace() {
    for type in [CompressedType.u8, .u4] {
      for (rows, columns) in [(3, 70), (24, 70), (40, 130)] {
        for epilogue in testedEpilogues.map(\.epilogue) where epilogue.hasResidual && !epilogue.residualAfterActivation {
          check(
            batch: 2, rows, columns, 400, type, groupSize: 400, zeroPoints: true, transposed: true, isInPlace: true, epilogue: epilogue,
            seed: UInt64(columns))
        }
      }
    }
  }

  @Test func epilogues() {
    for (_, epilogue) in testedEpilogues {
      for biasAxis in [GEMMParameters.BiasAxis.columns, .rows] {
        for (rows, columns) in [(1, 21), (4, 21), (7, 21), (8, 85), (30, 21)] {
          for (type, groupSize) in [(CompressedType.u4, 16), (.u8, 40)] {
            check(
              batch: 2, rows, columns, 40, type, groupSize: groupSize, zeroPoints: true, transposed: true, gap: 3, biasAxis: biasAxis,
              epilogue: epilogue, seed: UInt64(rows))
          }
        }
      }
    }
  }
}
