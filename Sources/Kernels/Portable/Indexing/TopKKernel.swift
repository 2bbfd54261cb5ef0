import KernelCore

/// What this target does for ``TopKPlan``.
package func topK_portable() -> TopKFunctions {
  topKFunctions(F32x4.self)
}
