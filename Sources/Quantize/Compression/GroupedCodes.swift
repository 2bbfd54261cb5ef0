import Dispatch
import OVRuntime

/// A matrix of weights rounded to codes of a few bits; `groupSize` neighbours in a row share a scale, and a zero point where the levels
/// have one.
struct GroupedCodes {
  let levels: Levels
  let rows: Int
  let columns: Int
  let groupSize: Int
  /// One a weight: two's complement when symmetric, otherwise from 0.
  private(set) var codes: [UInt8]
  /// One a group; half-precision numbers.
  private(set) var scales: [Float]
  private(set) var zeroPoints: [UInt8]
  /// Σw² and Σ(w − ŵ)².
  private(set) var signal = 0.0
  private(set) var noise = 0.0
  /// Σ over the samples of the squared error of the product's output, when errors were compensated.
  private(set) var outputNoise: Double?

  /// Where a row's codes, scales and zero points go.
  struct Row {
    let codes: UnsafeMutablePointer<UInt8>
    fileprivate let scales: UnsafeMutablePointer<Float>
    fileprivate let zeroPoints: UnsafeMutablePointer<UInt8>
    let columns: Int

    func set(_ scale: GroupFitter.Scale, group: Int) {
      (scales[group], zeroPoints[group]) = (scale.factor, UInt8(scale.zeroPoint))
    }
  }

  /// Rounds a row-major matrix. With a `compensation`, weights that are not yet rounded make up for the errors of those that are.
  ///
  /// - Precondition: the group size divides the number of columns.
  init(_ weights: [Float], rows: Int, columns: Int, groupSize: Int, levels: Levels, compensation: ErrorCompensation? = nil) {
    precondition(columns % groupSize == 0 && weights.count == rows * columns, "groups that fill the rows")
    (self.levels, self.rows, self.columns, self.groupSize) = (levels, rows, columns, groupSize)
    let groups = columns / groupSize
    codes = [UInt8](repeating: 0, count: weights.count)
    scales = [Float](repeating: 0, count: rows * groups)
    zeroPoints = [UInt8](repeating: 0, count: rows * groups)
    var errors = [Double](repeating: 0, count: rows)
    var outputErrors = [Double](repeating: 0, count: rows)
    let fitter = GroupFitter(levels, groupSize: groupSize)
    weights.withUnsafeBufferPointer { weights in
      codes.withUnsafeMutableBufferPointer { codes in
        scales.withUnsafeMutableBufferPointer { scales in
          zeroPoints.withUnsafeMutableBufferPointer { zeroPoints in
            errors.withUnsafeMutableBufferPointer { errors in
              outputErrors.withUnsafeMutableBufferPointer { outputErrors in
                // Each iteration writes rows of its own.
                nonisolated(unsafe) let (w, q, s, z, e, o) = (weights, codes, scales, zeroPoints, errors, outputErrors)
                let chunk = max(1, rows / 256)
                DispatchQueue.concurrentPerform(iterations: (rows + chunk - 1) / chunk) { part in
                  for row in (part * chunk)..<min(rows, (part + 1) * chunk) {
                    let source = w.baseAddress! + row * columns
                    let target = Row(
                      codes: q.baseAddress! + row * columns, scales: s.baseAddress! + row * groups,
                      zeroPoints: z.baseAddress! + row * groups, columns: columns)
                    if let compensation {
                      (e[row], o[row]) = fitter.fitRow(source, target, compensation)
                    } else {
                      e[row] = fitter.fitRow(source, target)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    if compensation != nil { outputNoise = outputErrors.reduce(0, +) }
    signal = weights.reduce(0) { $0 + Double($1) * Double($1) }
    noise = errors.reduce(0, +)
  }

  var elementType: ElementType { levels.elementType }

  var signalToNoise: Double { decibels(signal: signal, noise: noise) }

  /// Bytes of codes, scales and zero points.
  var byteCount: Int {
    (codes.count * levels.bits + 7) / 8 + 2 * scales.count + (levels.hasZeroPoints ? (zeroPoints.count * levels.bits + 7) / 8 : 0)
  }

  /// The codes as a constant's bytes.
  func tensor(shape: Shape) throws(OVError) -> Tensor { try Tensor(elementType, shape: shape, packing: codes) }

  /// The zero points as a constant's bytes.
  func zeroPointTensor(shape: Shape) throws(OVError) -> Tensor { try Tensor(elementType, shape: shape, packing: zeroPoints) }

  func scaleTensor(shape: Shape) -> Tensor { Tensor(scales.map { Float16($0) }, shape: shape) }
}
