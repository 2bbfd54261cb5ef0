/// The operations of a ``FloatVector``, as a value that crosses from a test to an instruction set's target.
@frozen @usableFromInline package enum VectorOperation: CaseIterable, Sendable {
  case add, subtract, multiply, divide, fma, minimum, maximum, squareRoot
  case roundedToNearestEven, roundedDown, withSign, magnitude, negatedWhereLowestBit, exponentOfTwo, exponentPart, significandPart
  case less, lessOrEqual, equal, isAnyLess, isEveryLess, allButLast, sum, greatest, load, widen, narrow
}

/// Runs one operation on a register of `count` lanes (0...lanes, loaded and stored with tails where less than all).
/// `a`, `b` and `c` are its operands; where a half is meant, its bits lie in the first two bytes of each float's place, packed.
/// Results go to `output`; comparisons give 1 and 0, reductions one value.
package typealias VectorOperationFunction =
  @Sendable (
    _ operation: VectorOperation, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ count: Int
  ) -> Void

/// One instruction set's ``FloatVector``, so that tests reach each operation of each through memory alone.
package struct VectorOperationKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let lanes: Int
  package let run: VectorOperationFunction

  package init(name: String, requires: CPUFeatures, lanes: Int, run: @escaping VectorOperationFunction) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.run = run
  }
}

/// The body of every ``VectorOperationFunction``.
@inlinable @inline(__always)
package func runVectorOperation<V: FloatVector>(
  _: V.Type, operation: VectorOperation, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
  output: UnsafeMutablePointer<Float>, count: Int
) {
  let full = count == V.lanes
  func read(_ p: UnsafePointer<Float>) -> V { full ? V.load(p) : V.load(p, count: count) }
  func halves(_ p: UnsafeRawPointer) -> UnsafePointer<Float16> { p.assumingMemoryBound(to: Float16.self) }
  let x = read(a)
  let y = read(b)
  let one = V.splat(1)
  let result: V
  switch operation {
  case .add: result = x + y
  case .subtract: result = x - y
  case .multiply: result = x * y
  case .divide: result = x / y
  case .fma: result = read(c).fma(x, y)
  case .minimum: result = x.min(y)
  case .maximum: result = x.max(y)
  case .squareRoot: result = x.squareRoot()
  case .roundedToNearestEven: result = x.roundedToNearestEven()
  case .roundedDown: result = x.roundedDown()
  case .withSign: result = x.withSign(of: y)
  case .magnitude: result = x.magnitude()
  case .negatedWhereLowestBit: result = x.negated(whereLowestBitOf: y)
  case .exponentOfTwo: result = x.exponentOfTwo()
  case .exponentPart: result = x.splitExponent().exponent
  case .significandPart: result = x.splitExponent().significand
  case .less: result = .select(x < y, one, .zero())
  case .lessOrEqual: result = .select(x <= y, one, .zero())
  case .equal: result = .select(x == y, one, .zero())
  case .allButLast: result = .select(V.first(count - 1), x, .zero())
  case .load: result = x
  case .widen: result = full ? V.load(halves(a)) : V.load(halves(a), count: count)
  case .isAnyLess:
    output[0] = V.isAnySet(x < y) ? 1 : 0
    return
  case .isEveryLess:
    output[0] = V.isEverySet(x < y) ? 1 : 0
    return
  case .sum:
    output[0] = x.sum()
    return
  case .greatest:
    output[0] = x.maximum()
    return
  case .narrow:
    let output = UnsafeMutableRawPointer(output).assumingMemoryBound(to: Float16.self)
    if full { x.store(output) } else { x.store(output, count: count) }
    return
  }
  if full { result.store(output) } else { result.store(output, count: count) }
}
