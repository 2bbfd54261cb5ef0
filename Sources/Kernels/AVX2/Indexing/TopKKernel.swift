#if arch(x86_64)
import KernelCore

/// What this target does for ``TopKPlan``.
package func topK_avx2() -> TopKFunctions {
  topKFunctions(F32x8.self)
}
#endif
