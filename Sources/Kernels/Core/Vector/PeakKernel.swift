/// Multiplies and adds in registers alone, twelve independent chains of `iterations`; returns their sum so that they are needed.
package typealias PeakFunction = @Sendable (_ iterations: Int, _ x: Float) -> Float

/// An instruction set's multiply-addition at full speed: what products are measured against.
package struct PeakKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let lanes: Int
  package let run: PeakFunction

  package init(name: String, requires: CPUFeatures, lanes: Int, run: @escaping PeakFunction) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.run = run
  }

  /// Floating-point operations of a run.
  package func operations(_ iterations: Int) -> Int { 2 * 12 * lanes * iterations }
}

/// The body of every ``PeakFunction``.
@inlinable @inline(__always)
package func runPeak<V: FloatVector>(_: V.Type, iterations: Int, x: Float) -> Float {
  let factor = V.splat(x)
  var sums = InlineArray<12, V>(repeating: factor)
  for _ in 0..<iterations {
    for i in 0..<12 { sums[unchecked: i] = sums[unchecked: i].fma(sums[unchecked: i], factor) }
  }
  var total = V.zero()
  for i in 0..<12 { total = total + sums[unchecked: i] }
  return total.sum()
}
