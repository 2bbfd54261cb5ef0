import KernelCore
import Kernels

/// Copies a value between two layouts of the same shape.
struct StridedCopy: Sendable {
  private let plan: CopyPlan
  private let kernel: CopyFunction
  let kernelName: String
  /// Whether it is worth a second worker.
  let isParallel: Bool

  init(from source: View, to target: View, features: CPUFeatures) {
    precondition(source.shape == target.shape && source.elementType == target.elementType, "a copy keeps shape and type")
    guard
      let plan = CopyPlan(
        shape: source.shape, sourceStrides: source.strides, destinationStrides: target.strides, elementSize: source.elementSize)
    else { preconditionFailure("the rank of a lowered value is limited") }
    let kernel = CopyKernels.function(for: plan, features: features)
    self.plan = plan
    self.kernel = kernel.run
    kernelName = kernel.name
    isParallel = source.elementCount >= ElementLoops.parallelThreshold
  }

  func run(from: UnsafeMutableRawPointer, to: UnsafeMutableRawPointer, worker: Int, workers: Int) {
    plan.run(kernel, source: from, destination: to, worker: worker, workers: workers)
  }
}
