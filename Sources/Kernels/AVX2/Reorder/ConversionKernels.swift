#if arch(x86_64)
import KernelCore

/// The conversion kernels of this target.
package func conversion_avx2(_ conversion: Conversion) -> ConversionFunction {
  conversionFunction(F32x8.self, conversion)
}
#endif
