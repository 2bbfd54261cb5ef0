/// The spectra of overlapping windowed frames of a real signal.
struct STFT: Operator {
  let transposesFrames: Bool

  init(_ node: Node) throws { transposesFrames = try node.attributes.bool("transpose_frames") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonRealType(of: [0, 1])
    let frame = try FrameOperands(operands)
    guard let signal = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard signal.count == 1 || signal.count == 2 else {
      throw invalid("the signal has the shape \(operands.shape(0))", suggestion: "it has rank 1, or 2 with a batch")
    }
    var frames = Dimension.dynamic
    if let size = frame.size, let step = frame.step, let length = signal.last {
      guard length.upperBound ?? .max >= size else { throw invalid("a signal of \(length) is shorter than a frame of \(size)") }
      frames = length.map { $0 < size ? 0 : ($0 - size) / step + 1 }
    }
    let bins = frame.size.map { Dimension($0 / 2 + 1) } ?? .dynamic
    let spectra = transposesFrames ? [bins, frames, 2] : [frames, bins, 2]
    return [ValueType(type, PartialShape(Array(signal.dropLast()) + spectra))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    try Tensor.requireSize(.f64, shape)
    let frame = try FrameOperands(Operands(operands))
    let (size, step) = (frame.size!, frame.step!)
    let window = frame.window(operands[1])
    let signal = operands[0].doubles()
    let length = operands[0].shape.last!
    let frames = (length - size) / step + 1
    let bins = size / 2 + 1
    let transform = FourierTransform(count: size)
    var result = [Double](repeating: 0, count: shape.elementCount)
    for batch in 0..<operands[0].shape.dropLast().elementCount {
      for frame in 0..<frames {
        let start = batch * length + frame * step
        let spectrum = transform((0..<size).map { Complex(real: signal[start + $0] * window[$0]) })
        for bin in 0..<bins {
          let place = transposesFrames ? (batch * bins + bin) * frames + frame : (batch * frames + frame) * bins + bin
          result[2 * place] = spectrum[bin].real
          result[2 * place + 1] = spectrum[bin].imaginary
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: shape, doubles: result)]
  }
}

/// The signal that overlapping windowed frames have these spectra of.
struct ISTFT: Operator {
  /// Whether the signal had been extended by half a frame at both ends.
  let isCentered: Bool
  /// Whether the spectra had been divided by the square root of the frame size.
  let isNormalized: Bool

  init(_ node: Node) throws {
    isCentered = try node.attributes.bool("center")
    isNormalized = try node.attributes.bool("normalized")
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...5)
    let type = try operands.commonRealType(of: [0, 1])
    let frame = try FrameOperands(operands)
    guard let data = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard data.count == 3 || data.count == 4, data[data.count - 1].contains(2) else {
      throw invalid("the data has the shape \(operands.shape(0))", suggestion: "it is [bins, frames, 2], or that with a batch")
    }
    var length = Dimension.dynamic
    if let size = frame.size {
      guard data[data.count - 3].contains(size / 2 + 1) else {
        throw invalid("there are \(data[data.count - 3]) bins, a frame of \(size) has \(size / 2 + 1)")
      }
      if let step = frame.step { length = data[data.count - 2].map { defaultLength($0, size, step) } }
    }
    if operands.has(4) {
      if let lengths = operands.ints(4) {
        guard lengths.count == 1, lengths[0] >= 0 else { throw invalid("signal_length \(lengths) is not a length") }
      }
      length = operands.dimensions(4)?.first ?? .dynamic
    }
    return [ValueType(type, PartialShape(data.dropLast(3) + [length]))]
  }

  private func defaultLength(_ frames: Int, _ size: Int, _ step: Int) -> Int {
    frames == 0 ? 0 : (frames - 1) * step + (isCentered ? 0 : size)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    try Tensor.requireSize(.f64, shape)
    let frame = try FrameOperands(Operands(operands))
    let (size, step) = (frame.size!, frame.step!)
    let window = frame.window(operands[1])
    // Batch, frames, bins.
    var spectra = ComplexArray(pairs: operands[0])
    let binAxis = spectra.shape.count - 2
    spectra.transformHalfSpectrum(axis: binAxis, count: size)
    let frames = spectra.shape[binAxis + 1]
    let length = shape.last!
    let whole = frames == 0 ? 0 : (frames - 1) * step + size
    let margin = isCentered ? size / 2 : 0
    let scale = isNormalized ? Double(size).squareRoot() : 1
    // What the windows of all frames add up to, squared: once for analysis, once for synthesis.
    var weights = [Double](repeating: 0, count: whole)
    for frame in 0..<frames { for i in 0..<size { weights[frame * step + i] += window[i] * window[i] } }
    var result = [Double](repeating: 0, count: shape.elementCount)
    for batch in 0..<shape.dropLast().elementCount {
      var sum = [Double](repeating: 0, count: whole)
      for frame in 0..<frames {
        for i in 0..<size { sum[frame * step + i] += spectra.elements[(batch * size + i) * frames + frame].real * window[i] }
      }
      for i in 0..<max(0, min(length, whole - margin)) where weights[margin + i] > 0 {
        result[batch * length + i] = sum[margin + i] / weights[margin + i] * scale
      }
    }
    return [Tensor(operands[0].elementType, shape: shape, doubles: result)]
  }
}

/// The operands that both directions share: window, frame size and frame step.
private struct FrameOperands {
  let size: Int?
  let step: Int?

  /// Checks what is known.
  init(_ operands: Operands) throws {
    func number(_ index: Int, _ name: String) throws -> Int? {
      guard let values = operands.ints(index) else { return nil }
      guard values.count == 1, (1...(1 << 40)).contains(values[0]) else {
        throw OVError(.invalidModel, "\(name) is \(values.map(String.init).joined(separator: ", "))", suggestion: "it is a positive number")
      }
      return values[0]
    }
    size = try number(2, "frame_size")
    step = try number(3, "frame_step")
    let window = try operands.extents(1, rank: 1, "the window")[0]
    if let size, window.lowerBound > size {
      throw OVError(.invalidModel, "a window of \(window) is longer than a frame of \(size)")
    }
  }

  /// The window in the middle of a frame.
  func window(_ tensor: Tensor) -> [Double] {
    let left = (size! - tensor.elementCount) / 2
    var window = [Double](repeating: 0, count: size!)
    for (i, value) in tensor.doubles().enumerated() { window[left + i] = value }
    return window
  }
}
