/// A convolution as its definition reads, summed in double precision.
///
/// `weights` are O×I×kh×kw (of groups: O and I/groups). `magnitudes`, if given, receives for each output value the sum of the
/// magnitudes of what was added, to which rounding errors are in proportion; it has the output's strides.
package func referenceConvolution(
  _ p: ConvolutionParameters, input: UnsafePointer<Float>, inputStrides: ImageStrides, weights: UnsafePointer<Float>,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, residualStrides: ImageStrides?, epilogue: Epilogue,
  output: UnsafeMutablePointer<Float>, outputStrides: ImageStrides, magnitudes: UnsafeMutablePointer<Float>? = nil
) {
  func at(_ s: ImageStrides, _ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    n * s.batch + y * s.row + x * s.pixel + c * s.channel
  }
  for n in 0..<p.batch {
    for y in 0..<p.outputHeight {
      for x in 0..<p.outputWidth {
        for o in 0..<p.outputChannels {
          let firstInput = o / p.groupOutputChannels * p.groupInputChannels
          var sum = bias.map { Double($0[o]) } ?? 0
          var magnitude = abs(sum)
          for c in 0..<p.groupInputChannels {
            for ky in 0..<p.kernelHeight {
              let inputY = y * p.strideHeight - p.padTop + ky * p.dilationHeight
              guard inputY >= 0 && inputY < p.inputHeight else { continue }
              for kx in 0..<p.kernelWidth {
                let inputX = x * p.strideWidth - p.padLeft + kx * p.dilationWidth
                guard inputX >= 0 && inputX < p.inputWidth else { continue }
                let weight = weights[((o * p.groupInputChannels + c) * p.kernelHeight + ky) * p.kernelWidth + kx]
                let product = Double(input[at(inputStrides, n, inputY, inputX, firstInput + c)]) * Double(weight)
                sum += product
                magnitude += abs(product)
              }
            }
          }
          var added = 0.0
          if let residual, let residualStrides { added = Double(residual[at(residualStrides, n, y, x, o)]) }
          let index = at(outputStrides, n, y, x, o)
          output[index] = epilogue.reference(sum, residual: added)
          magnitudes?[index] = Float(magnitude + abs(added))
        }
      }
    }
  }
}

/// A batch of matrix products as its definition reads, summed in double precision.
///
/// `b` holds element (k, n) of product i at `b[i · bBatchStride + k · bRowStride + n · bColumnStride]`.
package func referenceGEMM(
  _ p: GEMMParameters, a: UnsafePointer<Float>, b: UnsafePointer<Float>, bRowStride: Int, bColumnStride: Int, bBatchStride: Int,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, epilogue: Epilogue, c: UnsafeMutablePointer<Float>,
  magnitudes: UnsafeMutablePointer<Float>? = nil
) {
  for i in 0..<p.batch {
    for m in 0..<p.rows {
      for n in 0..<p.columns {
        var sum = bias.map { Double($0[p.biasAxis == .columns ? n : m]) } ?? 0
        var magnitude = abs(sum)
        for k in 0..<p.depth {
          let left = a[i * p.aBatchStride + (p.aTransposed ? k * p.aRowStride + m : m * p.aRowStride + k)]
          let product = Double(left) * Double(b[i * bBatchStride + k * bRowStride + n * bColumnStride])
          sum += product
          magnitude += abs(product)
        }
        let added = residual.map { Double($0[i * p.residualBatchStride + m * p.residualRowStride + n]) } ?? 0
        let index = i * p.cBatchStride + m * p.cRowStride + n
        c[index] = epilogue.reference(sum, residual: added)
        magnitudes?[index] = Float(magnitude + abs(added))
      }
    }
  }
}

extension Epilogue {
  /// The epilogue of one sum, rounded where kernels round.
  package func reference(_ sum: Double, residual: Double) -> Float {
    let sum = Float(residualAfterActivation ? sum : sum + residual)
    // Written so that a NaN passes.
    var result = sum < minimum ? minimum : sum > maximum ? maximum : sum
    if let activation {
      withUnsafeMutablePointer(to: &result) { activation(UnsafePointer($0), $0, 1, alpha, beta) }
    }
    return residualAfterActivation ? Float(Double(result) + residual) : result
  }
}
