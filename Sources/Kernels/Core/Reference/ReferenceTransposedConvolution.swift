/// A transposed convolution as its definition reads, summed in double precision: every input value spreads over the output.
///
/// `weights` are I×O×kh×kw (of groups: G×I/G×O/G×kh×kw). The other arguments are those of ``referenceConvolution``.
package func referenceTransposedConvolution(
  _ p: ConvolutionParameters, input: UnsafePointer<Float>, inputStrides: ImageStrides, weights: UnsafePointer<Float>,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, residualStrides: ImageStrides?, epilogue: Epilogue,
  output: UnsafeMutablePointer<Float>, outputStrides: ImageStrides, magnitudes: UnsafeMutablePointer<Float>? = nil
) {
  let size = p.outputHeight * p.outputWidth
  let inputs = p.groupInputChannels
  let outputs = p.groupOutputChannels
  for n in 0..<p.batch {
    for o in 0..<p.outputChannels {
      let first = bias.map { Double($0[o]) } ?? 0
      var sums = [Double](repeating: first, count: size)
      var absolute = [Double](repeating: abs(first), count: size)
      for c in o / outputs * inputs..<(o / outputs + 1) * inputs {
        for i in 0..<p.inputHeight {
          for j in 0..<p.inputWidth {
            let value = Double(input[n * inputStrides.batch + i * inputStrides.row + j * inputStrides.pixel + c * inputStrides.channel])
            for ky in 0..<p.kernelHeight {
              for kx in 0..<p.kernelWidth {
                let y = i * p.strideHeight + ky * p.dilationHeight - p.padTop
                let x = j * p.strideWidth + kx * p.dilationWidth - p.padLeft
                guard y >= 0 && y < p.outputHeight && x >= 0 && x < p.outputWidth else { continue }
                let product = value * Double(weights[((c * outputs + o % outputs) * p.kernelHeight + ky) * p.kernelWidth + kx])
                sums[y * p.outputWidth + x] += product
                absolute[y * p.outputWidth + x] += abs(product)
              }
            }
          }
        }
      }
      for pixel in 0..<size {
        let y = pixel / p.outputWidth
        let x = pixel % p.outputWidth
        var added = 0.0
        if let residual, let s = residualStrides { added = Double(residual[n * s.batch + y * s.row + x * s.pixel + o]) }
        let index = n * outputStrides.batch + y * outputStrides.row + x * outputStrides.pixel + o
        output[index] = epilogue.reference(sums[pixel], residual: added)
        magnitudes?[index] = Float(absolute[pixel] + abs(added))
      }
    }
  }
}
