/// A row of the table of unary kernels.
package struct UnaryKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: UnaryOperation
  package let run: UnaryF32Function

  package init(name: String, requires: CPUFeatures, operation: UnaryOperation, run: @escaping UnaryF32Function) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// The kernel of an operation for a vector type.
@inlinable @inline(__always)
package func unaryFunction<V: FloatVector>(_: V.Type, _ operation: UnaryOperation) -> UnaryF32Function {
  switch operation {
  case .abs: unaryFunction(V.self, UnaryFormulas.Abs.self)
  case .negative: unaryFunction(V.self, UnaryFormulas.Negative.self)
  case .affine: unaryFunction(V.self, UnaryFormulas.Affine.self)
  case .square: unaryFunction(V.self, UnaryFormulas.Square.self)
  case .sqrt: unaryFunction(V.self, UnaryFormulas.Sqrt.self)
  case .reciprocal: unaryFunction(V.self, UnaryFormulas.Reciprocal.self)
  case .reciprocalSqrt: unaryFunction(V.self, UnaryFormulas.ReciprocalSqrt.self)
  case .sign: unaryFunction(V.self, UnaryFormulas.Sign.self)
  case .floor: unaryFunction(V.self, UnaryFormulas.Floor.self)
  case .ceiling: unaryFunction(V.self, UnaryFormulas.Ceiling.self)
  case .roundHalfToEven: unaryFunction(V.self, UnaryFormulas.RoundHalfToEven.self)
  case .roundHalfAwayFromZero: unaryFunction(V.self, UnaryFormulas.RoundHalfAwayFromZero.self)
  case .relu: unaryFunction(V.self, UnaryFormulas.Relu.self)
  case .prelu: unaryFunction(V.self, UnaryFormulas.PRelu.self)
  case .clamp: unaryFunction(V.self, UnaryFormulas.Clamp.self)
  case .hardSigmoid: unaryFunction(V.self, UnaryFormulas.HardSigmoid.self)
  case .hsigmoid: unaryFunction(V.self, UnaryFormulas.HSigmoid.self)
  case .hswish: unaryFunction(V.self, UnaryFormulas.HSwish.self)
  case .softsign: unaryFunction(V.self, UnaryFormulas.SoftSign.self)
  case .exp: unaryFunction(V.self, UnaryFormulas.Exp.self)
  case .log: unaryFunction(V.self, UnaryFormulas.Log.self)
  case .sigmoid: unaryFunction(V.self, UnaryFormulas.Sigmoid.self)
  case .tanh: unaryFunction(V.self, UnaryFormulas.Tanh.self)
  case .erf: unaryFunction(V.self, UnaryFormulas.Erf.self)
  case .softplus: unaryFunction(V.self, UnaryFormulas.SoftPlus.self)
  case .elu: unaryFunction(V.self, UnaryFormulas.Elu.self)
  case .selu: unaryFunction(V.self, UnaryFormulas.Selu.self)
  case .swish: unaryFunction(V.self, UnaryFormulas.Swish.self)
  case .mish: unaryFunction(V.self, UnaryFormulas.Mish.self)
  case .geluErf: unaryFunction(V.self, UnaryFormulas.GeluErf.self)
  case .geluTanh: unaryFunction(V.self, UnaryFormulas.GeluTanh.self)
  case .sin: trigonometricFunction(V.self, UnaryFormulas.Sin.self)
  case .cos: trigonometricFunction(V.self, UnaryFormulas.Cos.self)
  }
}

@inlinable @inline(__always)
package func unaryFunction<V: FloatVector, F: UnaryFormula>(_: V.Type, _: F.Type) -> UnaryF32Function {
  { input, output, count, alpha, beta in
    let lanes = V.lanes
    let a = V.splat(alpha)
    let b = V.splat(beta)
    var i = 0
    while i &+ 2 &* lanes <= count {
      let x = V.load(input + i)
      let y = V.load(input + i + lanes)
      F.apply(x, a, b).store(output + i)
      F.apply(y, a, b).store(output + i + lanes)
      i &+= 2 &* lanes
    }
    while i < count {
      let step = Swift.min(lanes, count &- i)
      F.apply(V.load(input + i, count: step), a, b).store(output + i, count: step)
      i &+= step
    }
  }
}

@inlinable @inline(__always)
package func trigonometricFunction<V: FloatVector, F: TrigonometricFormula>(_: V.Type, _: F.Type) -> UnaryF32Function {
  { input, output, count, _, _ in
    let lanes = V.lanes
    let zero = V.zero()
    let domain = V.splat(trigonometricDomain)
    @inline(__always) func applyScalars(_ range: Range<Int>) { for k in range { output[k] = F.applyScalar(input[k]) } }
    var i = 0
    while i &+ 2 &* lanes <= count {
      let x = V.load(input + i)
      let y = V.load(input + i + lanes)
      if V.isAnySet(domain < x.magnitude()) || V.isAnySet(domain < y.magnitude()) {
        applyScalars(i..<i &+ 2 &* lanes)
      } else {
        F.apply(x, zero, zero).store(output + i)
        F.apply(y, zero, zero).store(output + i + lanes)
      }
      i &+= 2 &* lanes
    }
    while i < count {
      let step = Swift.min(lanes, count &- i)
      let x = V.load(input + i, count: step)
      if V.isAnySet(domain < x.magnitude()) {
        applyScalars(i..<i &+ step)
      } else {
        F.apply(x, zero, zero).store(output + i, count: step)
      }
      i &+= step
    }
  }
}
