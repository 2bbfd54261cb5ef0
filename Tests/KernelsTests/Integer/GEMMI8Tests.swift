import KernelCore
import Kernels
import Testing

@Suite struct GEMMI8Tests {
  /// Batches with gaps between rows and products, constants of both orders, against the definition.
  @Test func products() {
    var generator = SeededGenerator(seed: 51)
    for (batch, rows, columns, depth) in [
      (1, 1, 37, 50), (1, 5, 33, 9), (2, 20, 24, 200), (3, 7, 70, 40), (1, 1, 100, 512), (1, 130, 8, 64),
    ] {
      for gap in [0, 5] {
        for transposed in [false, true] {
          for (inputType, zeroPoint) in [(ActivationType.u8, Int32(0)), (.u8, 77), (.i8, -5)] {
            var p = GEMMI8Parameters(rows: rows, columns: columns, depth: depth)
            p.batch = batch
            p.aRowStride = depth + gap
            p.aBatchStride = rows * p.aRowStride + gap
            p.cRowStride = columns + gap
            p.cBatchStride = rows * p.cRowStride
            p.residualBatchStride = rows * columns
            let residualGrid = grid(.i8, 1)
            let epilogue = IntegerEpilogue(
              hasBias: true, residual: .quantized(residualGrid), output: .quantized(grid(.u8, 1.5)))
            let a = GuardedBytes(generator.bytes((batch - 1) * p.aBatchStride + (rows - 1) * p.aRowStride + depth))
            let b = generator.weights(depth * columns, .any)
            let scales = (0..<columns).map { _ in Float.random(in: 1e-5...2e-5, using: &generator) }
            let bias = generator.floats(columns)
            let residual = GuardedBytes(generator.bytes(batch * rows * columns))
            let count = (batch - 1) * p.cBatchStride + (rows - 1) * p.cRowStride + columns
            let expected = GuardedBytes(count: count)
            let scaling = IntegerScaling(epilogue)
            for i in 0..<batch {
              for m in 0..<rows {
                for n in 0..<columns {
                  var sum: Int32 = 0
                  for k in 0..<depth {
                    let value = inputType.integer(a.base, i * p.aBatchStride + m * p.aRowStride + k) - zeroPoint
                    sum += value * Int32(b[transposed ? n * depth + k : k * columns + n])
                  }
                  epilogue.reference(
                    sum, scaling, scale: scales[n], bias: bias[n], residual: residual.base, at: (i * rows + m) * columns + n,
                    output: expected.base, at: i * p.cBatchStride + m * p.cRowStride + n)
                }
              }
            }
            for features in testedIntegerFeatures {
              for workers in [1, 2, 3] {
                let product = GEMMI8(
                  p, inputType: inputType, inputZeroPoint: zeroPoint, epilogue: epilogue, workers: workers, features: features)
                let packed = AlignedBytes(product.packedWeightsByteCount)
                product.packWeights(from: b, transposed: transposed, scales: scales, bias: bias, into: packed.base)
                let scratch = AlignedBytes(product.scratchByteCount)
                let c = GuardedBytes(count: count)
                withExtendedLifetime((a, residual, packed, scratch)) {
                  for worker in 0..<workers {
                    product.run(
                      a: a.base, b: packed.base, residual: residual.base, c: c.base, scratch: scratch.base, worker: worker,
                      workers: workers)
                  }
                }
                #expect(c.values == expected.values, "\(product.kernelName) \(workers) workers, \(inputType) \(p)")
              }
            }
          }
        }
      }
    }
  }
}
