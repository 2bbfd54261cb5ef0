import KernelCore

package func vectorOperation_f32x4_portable(
  _ operation: VectorOperation, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  runVectorOperation(F32x4.self, operation: operation, a: a, b: b, c: c, output: output, count: count)
}
