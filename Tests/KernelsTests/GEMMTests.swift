import KernelCore
import Testing

@testable import Kernels

/// One batch of products with its data.
struct GEMMCase {
  var parameters: GEMMParameters
  var epilogue = Epilogue()
  /// The constant's source is [N, K].
  var constantIsTransposed = false
  var seed: UInt64 = 1

  /// The same with the constant as a model stores it.
  var ofStoredColumns: GEMMCase {
    var result = self
    result.parameters.b = .storedColumns
    result.constantIsTransposed = true
    return result
  }

  /// A case with `gap` elements between the rows of each operand and between products.
  init(
    batch: Int = 1, _ rows: Int, _ columns: Int, _ depth: Int, aTransposed: Bool = false, value: Bool = false, transposed: Bool = false,
    weightType: WeightType = .f32, gap: Int = 0, repeatsA: Bool = false, repeatsB: Bool = false,
    biasAxis: GEMMParameters.BiasAxis = .columns, epilogue: Epilogue = Epilogue()
  ) {
    var p = GEMMParameters(rows: rows, columns: columns, depth: depth)
    p.batch = batch
    p.aTransposed = aTransposed
    p.aRowStride = (aTransposed ? rows : depth) + gap
    p.aBatchStride = repeatsA ? 0 : p.aRowStride * (aTransposed ? depth : rows) + gap
    if value {
      let rowStride = (transposed ? depth : columns) + gap
      p.b = .value(
        rowStride: rowStride, transposed: transposed, batchStride: repeatsB ? 0 : rowStride * (transposed ? columns : depth) + gap)
    } else {
      p.b = .constant(weightType)
      constantIsTransposed = transposed
    }
    p.cRowStride = columns + gap
    p.cBatchStride = p.cRowStride * rows + gap
    p.residualRowStride = columns + 2 * gap
    p.residualBatchStride = p.residualRowStride * rows
    p.biasAxis = biasAxis
    parameters = p
    self.epilogue = epilogue
  }

  func check(_ features: CPUFeatures, workers: [Int] = [1, 2, 3], sourceLocation: SourceLocation = #_sourceLocation) {
    let p = parameters
    var generator = SeededGenerator(seed: seed)
    func extent(_ rows: Int, _ columns: Int, _ rowStride: Int, _ batchStride: Int) -> Int {
      (p.batch - 1) * batchStride + (rows - 1) * rowStride + columns
    }
    let a = GuardedFloats(
      generator.floats(
        p.aTransposed ? extent(p.depth, p.rows, p.aRowStride, p.aBatchStride) : extent(p.rows, p.depth, p.aRowStride, p.aBatchStride)))
    var bStrides = (row: constantIsTransposed ? 1 : p.columns, column: constantIsTransposed ? p.depth : 1, batch: 0)
    var b = GuardedFloats(generator.floats(p.depth * p.columns))
    switch p.b {
    case .constant(.f16), .storedColumns: b = GuardedFloats(b.values.map { Float(Float16($0)) })
    case .constant(.f32): break
    case .value(let rowStride, let transposed, let batchStride):
      bStrides = (transposed ? 1 : rowStride, transposed ? rowStride : 1, batchStride)
      b = GuardedFloats(
        generator.floats(
          transposed ? extent(p.columns, p.depth, rowStride, batchStride) : extent(p.depth, p.columns, rowStride, batchStride)))
    }
    let bias = epilogue.hasBias ? GuardedFloats(generator.floats(p.biasAxis == .rows ? p.rows : p.columns)) : nil
    let residual =
      epilogue.hasResidual ? GuardedFloats(generator.floats(extent(p.rows, p.columns, p.residualRowStride, p.residualBatchStride))) : nil
    let count = extent(p.rows, p.columns, p.cRowStride, p.cBatchStride)
    let expected = GuardedFloats(count: count)
    let magnitudes = GuardedFloats(count: count, fill: 0)
    withExtendedLifetime((a, b, bias, residual)) {
      referenceGEMM(
        p, a: a.base, b: b.base, bRowStride: bStrides.row, bColumnStride: bStrides.column, bBatchStride: bStrides.batch,
        bias: bias.map { UnsafePointer($0.base) }, residual: residual.map { UnsafePointer($0.base) }, epilogue: epilogue,
        c: expected.base, magnitudes: magnitudes.base)
    }
    let expectedValues = expected.values
    let stored = GuardedBytes(b.values.map { Float16($0) }.withUnsafeBytes { Array($0) })
    for workerCount in workers {
      let primitive = GEMMF32(p, epilogue: epilogue, workers: workerCount, features: features)
      let packed = AlignedBytes(primitive.packedWeightsByteCount)
      var second = UnsafeRawPointer(b.base)
      switch p.b {
      case .constant:
        primitive.packWeights(from: b.base, .f32, transposed: constantIsTransposed, into: packed.base)
        second = UnsafeRawPointer(packed.base)
      case .storedColumns:
        #expect(primitive.packedWeightsByteCount == 0)
        second = UnsafeRawPointer(stored.base)
      case .value: break
      }
      let scratch = AlignedBytes(primitive.scratchByteCount)
      let output = GuardedFloats(count: count)
      var written = [Int](repeating: 0, count: count)
      withExtendedLifetime((a, b, stored, bias, residual, packed, scratch)) {
        for worker in 0..<workerCount {
          let part = GuardedFloats(count: count)
          for target in [part, output] {
            primitive.run(
              a: a.base, b: second, bias: bias.map { UnsafePointer($0.base) }, residual: residual.map { UnsafePointer($0.base) },
              c: target.base, scratch: scratch.base, worker: worker, workers: workerCount)
          }
          for (i, value) in part.values.enumerated() where value != GuardedFloats.untouched { written[i] += 1 }
        }
      }
      let label = "\(primitive.kernelName) \(workerCount) workers, seed \(seed), \(p)"
      let values = output.values
      if let worst = SumTolerance.worst(values, expectedValues, magnitudes.values, SumTolerance.sum) {
        Issue.record(
          "\(label): element \(worst.index) is \(values[worst.index]), not \(expectedValues[worst.index]): error \(worst.error)",
          sourceLocation: sourceLocation)
      }
      let covered = zip(written, expectedValues).allSatisfy { $0 == ($1 == GuardedFloats.untouched ? 0 : 1) }
      #expect(covered, "\(label): not each element is written once", sourceLocation: sourceLocation)
    }
  }
}

@Suite struct GEMMTests {
  @Test(arguments: testedFeatures) func tileEdges(_ features: CPUFeatures) {
    let kernel = matrixKernels.best(for: features)
    let lanes = kernel.lanes
    let most = kernel.shape.rows.indices.map { kernel.shape.rows[$0] }.max()!
    for rows in 1...(2 * most + 1) {
      for columns in [1, lanes, lanes + 3, 2 * lanes, 2 * lanes + 1, 3 * lanes, 3 * lanes + 1, 4 * lanes + 1, 5 * lanes + 1, 6 * lanes] {
        GEMMCase(rows, columns, 7, epilogue: Epilogue(hasBias: true)).check(features, workers: [1, 2])
      }
    }
  }

  @Test(arguments: testedFeatures) func layouts(_ features: CPUFeatures) {
    for (rows, columns, depth) in [(1, 37, 50), (5, 33, 9), (20, 24, 700), (130, 70, 40), (3, 300, 200)] {
      for aTransposed in [false, true] {
        for transposed in [false, true] {
          for gap in [0, 5] {
            for weightType in [WeightType.f32, .f16] {
              GEMMCase(
                rows, columns, depth, aTransposed: aTransposed, transposed: transposed, weightType: weightType, gap: gap
              ).check(features)
            }
            for (repeatsA, repeatsB) in [(false, false), (true, false), (false, true)] {
              GEMMCase(
                batch: 3, rows, columns, depth, aTransposed: aTransposed, value: true, transposed: transposed, gap: gap,
                repeatsA: repeatsA, repeatsB: repeatsB
              ).check(features)
            }
          }
        }
      }
    }
  }

  /// One row has kernels of its own for halves, and sums in an order of its own.
  @Test(arguments: testedFeatures) func vectors(_ features: CPUFeatures) {
    for columns in [1, 7, 16, 40, 100] {
      for depth in [1, 2, 3, 64, 1001] {
        for rows in [1, 2, 3] {
          for weightType in [WeightType.f32, .f16] {
            GEMMCase(rows, columns, depth, weightType: weightType, epilogue: Epilogue(hasBias: true, minimum: -1)).check(features)
          }
        }
        GEMMCase(batch: 3, 1, columns, depth, value: true).check(features)
      }
    }
  }

  /// Constants as a model stores them, in blocks of rows and of depth.
  @Test(arguments: testedFeatures) func storedColumns(_ features: CPUFeatures) {
    for (rows, columns, depth) in [(1, 37, 50), (2, 16, 64), (5, 33, 9), (20, 24, 700), (130, 70, 40), (400, 50, 300), (3, 100, 1031)] {
      for gap in [0, 5] {
        GEMMCase(rows, columns, depth, aTransposed: gap > 0, gap: gap, epilogue: Epilogue(hasBias: true)).ofStoredColumns.check(features)
      }
      GEMMCase(batch: 2, rows, columns, depth).ofStoredColumns.check(features)
    }
  }

  /// Making the panels anew in each block of rows and each run takes longer than packing at last.
  @Test func theCostRulePrefersStoredColumnsForFewRuns() {
    let few = GEMMParameters(rows: 8, columns: 384, depth: 1536)
    let lanes = matrixKernels.best(for: .current).lanes
    let blockRows = MatrixConvolution.storedBlockElements / MatrixLoop.widenedDepthLimit(lanes: lanes)
    let many = GEMMParameters(rows: 25 * blockRows, columns: 384, depth: 1536)
    #expect(GEMMF32.prefersStoredColumns(few, expectedRuns: 1) && !GEMMF32.prefersStoredColumns(few, expectedRuns: 100))
    #expect(!GEMMF32.prefersStoredColumns(many, expectedRuns: 1))
  }

  @Test(arguments: testedFeatures) func epilogues(_ features: CPUFeatures) {
    for (_, epilogue) in testedEpilogues {
      for biasAxis in [GEMMParameters.BiasAxis.columns, .rows] {
        for (rows, columns, depth) in [(7, 21, 5), (40, 9, 1000), (1, 100, 30)] {
          GEMMCase(columns, rows, depth, biasAxis: biasAxis, epilogue: epilogue).ofStoredColumns.check(features)
          GEMMCase(batch: 2, rows, columns, depth, biasAxis: biasAxis, epilogue: epilogue).check(features)
          GEMMCase(rows, columns, depth, value: true, gap: 3, biasAxis: biasAxis, epilogue: epilogue).check(features)
        }
      }
    }
  }
}
