import KernelCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The values of ``Interpolate``: along each axis an element of the output is a weighted sum of a few elements of the input,
/// and the axes are treated one after the other.
///
/// Coordinates are computed in single precision, as OpenVINO does: which element is nearest depends on it.
struct Resampling {
  let rules: Interpolate.Rules
  let axes: [Int]
  /// The scale of each axis.
  let scales: [Float]

  /// An element of the input and its weight.
  struct Tap {
    let index: Int
    let weight: Double
  }

  func apply(to data: Tensor, shape: Shape) -> Tensor {
    if rules.mode == .nearest { return nearest(data, shape) }
    let type = data.elementType
    var values = data.doubles()
    var current = data.shape
    for axis in order {
      let position = axes.firstIndex(of: axis)!
      let taps = (0..<shape[axis]).map { self.taps(position, $0, from: current[axis], to: shape[axis]) }
      values = Resampling.pass(values, current, axis, taps)
      current[axis] = shape[axis]
      switch rounding(type, isLast: axis == order.last) {
      case .none: break
      case .nearest: values = values.map { $0.rounded(.toNearestOrAwayFromZero) }
      case .saturated(let least, let greatest): values = values.map { min(max($0.rounded(.toNearestOrAwayFromZero), least), greatest) }
      }
    }
    return Tensor(type, shape: shape, doubles: values)
  }

  private var isPillow: Bool { rules.mode == .bilinearPillow || rules.mode == .bicubicPillow }

  /// The axes as they are treated: Pillow treats the width before the height.
  var order: [Int] { isPillow ? axes.reversed() : axes }

  /// What becomes of the sums along an axis: Pillow rounds integers in between too.
  func rounding(_ type: ElementType, isLast: Bool) -> ResamplingRounding {
    if !type.isInteger { return .none }
    if isPillow {
      let bits = Double(type.bitWidth)
      return type.isUnsignedInteger
        ? .saturated(least: 0, greatest: exp2(bits) - 1) : .saturated(least: -exp2(bits - 1), greatest: exp2(bits - 1) - 1)
    }
    return rules.mode == .linear && isLast ? .nearest : .none
  }

  /// Replaces axis `axis` of a tensor by the weighted sums that `taps` name.
  private static func pass(_ values: [Double], _ shape: Shape, _ axis: Int, _ taps: [[Tap]]) -> [Double] {
    let inner = Array(shape[(axis + 1)...]).elementCount
    let outer = Array(shape[..<axis]).elementCount
    var result: [Double] = []
    result.reserveCapacity(outer * taps.count * inner)
    for block in 0..<outer {
      for element in taps {
        for i in 0..<inner {
          var sum = 0.0
          for tap in element { sum += tap.weight * values[(block * shape[axis] + tap.index) * inner + i] }
          result.append(sum)
        }
      }
    }
    return result
  }

  private func nearest(_ data: Tensor, _ shape: Shape) -> Tensor {
    let strides = data.shape.rowMajorStrides
    var offsets = [0]
    for axis in shape.indices {
      let position = axes.firstIndex(of: axis)
      let steps = (0..<shape[axis]).map { x in
        strides[axis] * (position.map { nearestIndex($0, x, from: data.shape[axis], to: shape[axis]) } ?? x)
      }
      offsets = offsets.flatMap { base in steps.map { base + $0 } }
    }
    return data.gathered(shape: shape, offsets: offsets)
  }

  /// The element along an axis that element `x` of the output is a copy of.
  func nearestIndex(_ position: Int, _ x: Int, from length: Int, to target: Int) -> Int {
    let coordinate = self.coordinate(position, x, from: length, to: target)
    let rounded: Float =
      switch rules.nearestMode {
      case .floor: coordinate.rounded(.down)
      case .ceil: coordinate.rounded(.up)
      case .simple: coordinate.rounded(scales[position] < 1 ? .up : .towardZero)
      case .roundPreferCeil: coordinate.rounded(.toNearestOrAwayFromZero)
      case .roundPreferFloor:
        coordinate == coordinate.rounded(.towardZero) + 0.5
          ? coordinate.rounded(.down) : coordinate.rounded(.toNearestOrAwayFromZero)
      }
    return min(max(Int(rounded), 0), length - 1)
  }

  /// The point of an axis of the input that element `x` of the output lies on.
  private func coordinate(_ position: Int, _ x: Int, from length: Int, to target: Int) -> Float {
    let (x, scale) = (Float(x), scales[position])
    if scale == 1 || length == target { return x }
    switch rules.coordinateTransformationMode {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return target > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .asymmetric: return x / scale
    case .tfHalfPixelForNN: return (x + 0.5) / scale
    case .alignCorners: return target == 1 ? 0 : x * Float(length - 1) / Float(target - 1)
    }
  }

  /// The elements along an axis that element `x` of the output is made of.
  func taps(_ position: Int, _ x: Int, from length: Int, to target: Int) -> [Tap] {
    switch rules.mode {
    case .bilinearPillow: return pillowTaps(x, from: length, to: target, support: 1) { max(0, 1 - abs($0)) }
    case .bicubicPillow:
      return pillowTaps(x, from: length, to: target, support: 2) { cubicKernel(abs($0), rules.cubeCoefficient) }
    case .linear: return linearTaps(position, coordinate(position, x, from: length, to: target), length)
    case .linearOnnx:
      let point = min(max(coordinate(position, x, from: length, to: target), 0), Float(length - 1))
      let first = min(Int(point), length - 1)
      let fraction = Double(point - Float(first))
      return [Tap(index: first, weight: 1 - fraction), Tap(index: min(first + 1, length - 1), weight: fraction)]
    case .cubic, .nearest:
      let point = coordinate(position, x, from: length, to: target)
      let base = point.rounded(.down)
      let fraction = Double(point - base)
      return (-1...2).map {
        let index = min(max(Int(base) + $0, 0), length - 1)
        return Tap(index: index, weight: cubicKernel(abs(Double($0) - fraction), rules.cubeCoefficient))
      }
    }
  }

  /// A triangle around the point, widened when the axis shrinks and aliasing is to be avoided; weights sum to 1.
  private func linearTaps(_ position: Int, _ point: Float, _ length: Int) -> [Tap] {
    let scale = scales[position]
    let slope = rules.antialias && scales.contains { $0 < 1 } ? scale : 1
    let reach = scale > 1 ? 2 : Int((2 / slope).rounded(.up))
    let center = Int(point.rounded(.toNearestOrAwayFromZero))
    let indices = (center - reach...center + reach).filter { (0..<length).contains($0) }
    return Resampling.normalized(indices.map { Tap(index: $0, weight: Double(max(0, 1 - abs(slope * (point - Float($0)))))) })
  }

  /// A filter around the centre of the element, widened when the axis shrinks; weights sum to 1.
  private func pillowTaps(_ x: Int, from length: Int, to target: Int, support: Double, filter: (Double) -> Double) -> [Tap] {
    let scale = Double(length) / Double(target)
    let width = max(scale, 1)
    let center = (Double(x) + 0.5) * scale
    let first = max(0, Int(center - support * width + 0.5))
    let end = min(length, Int(center + support * width + 0.5))
    return Resampling.normalized((first..<end).map { Tap(index: $0, weight: filter((Double($0) - center + 0.5) / width)) })
  }

  private static func normalized(_ taps: [Tap]) -> [Tap] {
    let sum = taps.reduce(0) { $0 + $1.weight }
    return sum == 0 ? [] : taps.map { Tap(index: $0.index, weight: $0.weight / sum) }
  }
}
