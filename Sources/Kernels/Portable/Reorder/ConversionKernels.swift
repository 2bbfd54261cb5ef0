import KernelCore

/// The conversion kernels of this target.
package func conversion_portable(_ conversion: Conversion) -> ConversionFunction {
  conversionFunction(F32x4.self, conversion)
}
