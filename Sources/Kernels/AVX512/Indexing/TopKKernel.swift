#if arch(x86_64)
import KernelCore

/// What this target does for ``TopKPlan``.
package func topK_avx512() -> TopKFunctions {
  topKFunctions(F32x16.self)
}
#endif
