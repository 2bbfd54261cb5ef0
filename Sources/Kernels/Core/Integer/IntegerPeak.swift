/// Sums dot products in registers alone, twelve independent chains of `iterations`; returns a part of the sums so that they are needed.
package typealias IntegerPeakFunction = @Sendable (_ iterations: Int, _ x: Int32) -> Float

/// An instruction set's fastest dot product of 8-bit integers at full speed: what integer products are measured against.
package struct IntegerPeakKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let lanes: Int
  package let run: IntegerPeakFunction

  package init(name: String, requires: CPUFeatures, lanes: Int, run: @escaping IntegerPeakFunction) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.run = run
  }

  /// Multiplications and additions of a run.
  package func operations(_ iterations: Int) -> Int { 2 * 12 * 8 * lanes * iterations }
}

/// The body of every ``IntegerPeakFunction``.
@inlinable @inline(__always)
package func runIntegerPeak<V: IntegerVector>(_: V.Type, iterations: Int, x: Int32) -> Float {
  let a = V.splat(x)
  let b = V.splat(x &* 3)
  var sums = InlineArray<12, V>(repeating: a)
  for _ in 0..<iterations {
    for i in 0..<12 {
      let s = sums[unchecked: i]
      sums[unchecked: i] = s.addingDots(s, a, s, b)
    }
  }
  var total = V.zero()
  for i in 0..<12 { total = total + sums[unchecked: i] }
  return total.floats().sum()
}
