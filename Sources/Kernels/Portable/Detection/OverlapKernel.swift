import KernelCore

/// The overlap kernel of this target.
package func overlapF32_portable() -> OverlapFunction { overlapFunction(F32x4.self) }
