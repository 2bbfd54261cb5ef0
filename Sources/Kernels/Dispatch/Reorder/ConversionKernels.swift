import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of conversions between element types, best first for each.
package enum ConversionKernels: KernelFamily {
  package static func kernel(_ conversion: Conversion, _ target: KernelTarget) -> ConversionKernel {
    ConversionKernel(
      name: "convert_\(conversion.rawValue)_\(target.rawValue)", requires: target.requires, conversion: conversion,
      run: target.conversion(conversion))
  }
}

extension KernelTarget {
  fileprivate func conversion(_ conversion: Conversion) -> ConversionFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: conversion_avx512(conversion)
    case .avx2: conversion_avx2(conversion)
    #endif
    case .portable: conversion_portable(conversion)
    }
  }
}
