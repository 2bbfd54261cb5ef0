#if arch(x86_64)
import KernelCore

/// The overlap kernel of this target.
package func overlapF32_avx512() -> OverlapFunction { overlapFunction(F32x16.self) }
#endif
