/// Which cell of a plane meets which output position through which cell of a window, with one to three axes.
struct WindowGeometry {
  /// Neighbouring output positions of a row, and the first of the input cells they meet through one cell of the window.
  struct Run {
    let output: Int
    let input: Int
    let count: Int
  }

  /// All positions that meet a cell of the window inside the input; those in the padding are left out.
  struct Tap {
    /// The cell's offset in the window.
    let kernel: Int
    let runs: [Run]
  }

  /// The extents, three axes each; missing outer ones are 1.
  let input: [Int]
  let output: [Int]
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let padsBegin: [Int]

  /// The geometry of a window of `kernel` cells that takes `output` positions on the padded side, whose extents are `input`: a
  /// convolution's data, a transposed convolution's result.
  init(_ window: SlidingWindow, input: [Int], output: [Int], kernel: [Int], padsBegin: [Int]) {
    let missing = 3 - input.count
    func extended(_ values: [Int], _ fill: Int) -> [Int] { [Int](repeating: fill, count: missing) + values }
    self.input = extended(input, 1)
    self.output = extended(output, 1)
    self.kernel = extended(kernel, 1)
    self.padsBegin = extended(padsBegin, 0)
    strides = extended(input.indices.map { window.stride($0) }, 1)
    dilations = extended(input.indices.map { window.dilation($0) }, 1)
  }

  /// The geometry of a window over data of shape N, C, spatial axes.
  init(_ window: SlidingWindow, input: [Int], output: [Int], kernel: [Int]) {
    let padsBegin = input.indices.map { window.padding(input: input[$0], kernel: kernel[$0], axis: $0).begin }
    self.init(window, input: input, output: output, kernel: kernel, padsBegin: padsBegin)
  }

  /// The distance in elements between the input cells of a run.
  var step: Int { strides[2] }

  /// The cells of the window in row-major order.
  func taps() -> [Tap] {
    var taps: [Tap] = []
    for z in 0..<kernel[0] {
      let depth = positions(0, z)
      for y in 0..<kernel[1] {
        let rows = positions(1, y)
        for x in 0..<kernel[2] {
          let columns = positions(2, x)
          var runs: [Run] = []
          if !columns.isEmpty {
            for oz in depth {
              for oy in rows {
                let inputRow = (cell(0, oz, z) * input[1] + cell(1, oy, y)) * input[2]
                runs.append(
                  Run(
                    output: (oz * output[1] + oy) * output[2] + columns.lowerBound,
                    input: inputRow + cell(2, columns.lowerBound, x), count: columns.count))
              }
            }
          }
          taps.append(Tap(kernel: (z * kernel[1] + y) * kernel[2] + x, runs: runs))
        }
      }
    }
    return taps
  }

  /// The coordinate along an axis that cell `k` of the window has at position `o`.
  private func cell(_ axis: Int, _ o: Int, _ k: Int) -> Int { o * strides[axis] + k * dilations[axis] - padsBegin[axis] }

  /// The positions along an axis at which cell `k` of the window lies inside the input.
  private func positions(_ axis: Int, _ k: Int) -> Range<Int> {
    let offset = padsBegin[axis] - k * dilations[axis]
    let first = offset > 0 ? (offset + strides[axis] - 1) / strides[axis] : 0
    let beyond = input[axis] + offset
    let end = beyond > 0 ? min(output[axis], (beyond + strides[axis] - 1) / strides[axis]) : 0
    return first..<max(first, end)
  }
}
