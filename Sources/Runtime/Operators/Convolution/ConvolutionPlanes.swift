/// The loops of a convolution over batch, groups and channels, in both directions.
///
/// The padded side has `inputChannels` a group, the side of the window's positions `outputChannels`; filters are
/// [groups, outputChannels, inputChannels, kernel].
struct ConvolutionPlanes {
  let geometry: WindowGeometry
  let batch: Int
  let groups: Int
  let inputChannels: Int
  let outputChannels: Int

  /// Adds the convolution of `data` to `result`.
  func convolve(_ data: [Double], _ filters: [Double], into result: inout [Double]) {
    let step = geometry.step
    data.withUnsafeBufferPointer { data in
      result.withUnsafeMutableBufferPointer { result in
        forEachTap { input, output, filter, runs in
          let weight = filters[filter]
          for run in runs {
            let (source, target) = (input + run.input, output + run.output)
            for i in 0..<run.count { result[target + i] += weight * data[source + i * step] }
          }
        }
      }
    }
  }

  /// Adds to `result`, the padded side, what the transposed convolution makes of `data`, which lie at the window's positions.
  func convolveTransposed(_ data: [Double], _ filters: [Double], into result: inout [Double]) {
    let step = geometry.step
    data.withUnsafeBufferPointer { data in
      result.withUnsafeMutableBufferPointer { result in
        forEachTap { input, output, filter, runs in
          let weight = filters[filter]
          for run in runs {
            let (target, source) = (input + run.input, output + run.output)
            for i in 0..<run.count { result[target + i * step] += weight * data[source + i] }
          }
        }
      }
    }
  }

  /// Calls `body` with the offsets of a plane of either side and of the filter element that connects them.
  private func forEachTap(_ body: (_ input: Int, _ output: Int, _ filter: Int, _ runs: [WindowGeometry.Run]) -> Void) {
    let taps = geometry.taps()
    let (inputSize, outputSize) = (geometry.input.elementCount, geometry.output.elementCount)
    for n in 0..<batch {
      for g in 0..<groups {
        for o in 0..<outputChannels {
          let output = ((n * groups + g) * outputChannels + o) * outputSize
          for i in 0..<inputChannels {
            let input = ((n * groups + g) * inputChannels + i) * inputSize
            let filter = ((g * outputChannels + o) * inputChannels + i) * taps.count
            for tap in taps { body(input, output, filter + tap.kernel, tap.runs) }
          }
        }
      }
    }
  }
}
