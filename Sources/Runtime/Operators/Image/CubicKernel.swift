/// The cubic convolution kernel with parameter `a` at the distance `x` (not negative).
func cubicKernel(_ x: Double, _ a: Double) -> Double {
  if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}
