/// A convolution of 8-bit integers as its definition reads, with the epilogue's floats in the epilogue's order.
///
/// `weights` are O×I×kh×kw (of groups: O and I/groups); `scales` has the input's scale times the weights' for each output channel.
/// Padding has the value of the zero point. Strides are in elements.
package func referenceIntegerConvolution(
  _ p: ConvolutionParameters, input: UnsafeRawPointer, inputType: ActivationType, inputZeroPoint: Int32, inputStrides: ImageStrides,
  weights: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafeRawPointer?,
  residualStrides: ImageStrides?, epilogue: IntegerEpilogue, output: UnsafeMutableRawPointer, outputStrides: ImageStrides
) {
  func at(_ s: ImageStrides, _ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    n * s.batch + y * s.row + x * s.pixel + c * s.channel
  }
  let scaling = IntegerScaling(epilogue)
  for n in 0..<p.batch {
    for y in 0..<p.outputHeight {
      for x in 0..<p.outputWidth {
        for o in 0..<p.outputChannels {
          let firstInput = o / p.groupOutputChannels * p.groupInputChannels
          var sum: Int32 = 0
          for c in 0..<p.groupInputChannels {
            for ky in 0..<p.kernelHeight {
              let inputY = y * p.strideHeight - p.padTop + ky * p.dilationHeight
              guard inputY >= 0 && inputY < p.inputHeight else { continue }
              for kx in 0..<p.kernelWidth {
                let inputX = x * p.strideWidth - p.padLeft + kx * p.dilationWidth
                guard inputX >= 0 && inputX < p.inputWidth else { continue }
                let weight = weights[((o * p.groupInputChannels + c) * p.kernelHeight + ky) * p.kernelWidth + kx]
                let value = inputType.integer(input, at(inputStrides, n, inputY, inputX, firstInput + c))
                sum &+= (value &- inputZeroPoint) &* Int32(weight)
              }
            }
          }
          epilogue.reference(
            sum, scaling, scale: scales[o], bias: bias.map { $0[o] } ?? 0, residual: residual,
            at: residualStrides.map { at($0, n, y, x, o) } ?? 0, output: output, at: at(outputStrides, n, y, x, o))
        }
      }
    }
  }
}

extension ActivationType {
  /// An element of an 8-bit type.
  package func integer(_ base: UnsafeRawPointer, _ index: Int) -> Int32 {
    self == .u8 ? Int32(base.load(fromByteOffset: index, as: UInt8.self)) : Int32(base.load(fromByteOffset: index, as: Int8.self))
  }

  /// An element of any type as a float.
  package func float(_ base: UnsafeRawPointer, _ index: Int) -> Float {
    self == .f32 ? base.load(fromByteOffset: 4 * index, as: Float.self) : Float(integer(base, index))
  }
}

extension ActivationFormat {
  /// Stores x; rounded to nearest, ties to even, and within the grid if there is one.
  package func referenceStore(_ x: Float, _ base: UnsafeMutableRawPointer, _ index: Int) {
    guard let grid else {
      base.storeBytes(of: x, toByteOffset: 4 * index, as: Float.self)
      return
    }
    let bounded = x > Float(grid.lowest) ? (x < Float(grid.highest) ? x : Float(grid.highest)) : Float(grid.lowest)
    let q = Int32(bounded.rounded(.toNearestOrEven))
    base.storeBytes(of: UInt8(truncatingIfNeeded: q), toByteOffset: index, as: UInt8.self)
  }
}

extension IntegerEpilogue {
  /// The epilogue of one sum.
  package func reference(
    _ sum: Int32, _ scaling: IntegerScaling, scale: Float, bias: Float, residual base: UnsafeRawPointer?, at residualIndex: Int,
    output target: UnsafeMutableRawPointer, at index: Int
  ) {
    var r: Float = 0
    if let residual, let base { r = residual.type.float(base, residualIndex) }
    var x = Float(sum) * scaling.multiplier(scale: scale)
    x = x + scaling.addend(bias: hasBias ? bias : 0)
    if scaling.residualIsEarly {
      if x < scaling.innerLower { x = scaling.innerLower }
      if x > scaling.innerUpper { x = scaling.innerUpper }
      x = x + (r * scaling.residualMultiplier + scaling.residualOffset)
    }
    if x < scaling.lower || x.isNaN && output.grid != nil && !scaling.isStaged { x = scaling.lower }
    if x > scaling.upper { x = scaling.upper }
    if scaling.isStaged {
      if let activation { withUnsafeMutablePointer(to: &x) { activation(UnsafePointer($0), $0, 1, alpha, beta) } }
      x = x * scaling.second.multiplier
      if residual != nil && !scaling.residualIsEarly {
        x = x + (r - scaling.second.residualZeroPoint) * scaling.second.residualMultiplier
      }
      x = x + scaling.second.offset
    }
    output.referenceStore(x, target, index)
  }
}
