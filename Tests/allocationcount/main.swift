// Counts the allocations of a model's inferences: `allocationcount MODEL.xml THREADS [--hold]`.
//
// Prints how often memory was asked for during twenty inferences of one request, after some that may. With `--hold` the outputs of
// the last inference are held, so that each has to write to other memory.

#if canImport(Glibc)
import Glibc
import OVRuntime
import Synchronization

let words = CommandLine.arguments
guard words.count >= 3, let threads = Int(words[2]) else { fatalError("usage: allocationcount MODEL.xml THREADS [--hold]") }
let model = try CompiledModel(Model(contentsOf: words[1]), CompileOptions(threads: threads))
let request = model.makeRequest()
for (index, input) in model.inputs.enumerated() {
  let shape = input.type.shape.dimensions!.map { $0.length ?? max(1, $0.lowerBound) }
  try request.setInput(index, Tensor(input.type.elementType, shape: shape))
}
// The first inferences bind the plan and start threads; on a busy machine the latter takes some time.
for _ in 0..<20 { try request.infer() }
usleep(20_000)
for _ in 0..<20 { try request.infer() }

var held: [Tensor] = []
held.reserveCapacity(100)
let before = allocationCount.load(ordering: .relaxed)
for _ in 0..<20 {
  try request.infer()
  if words.contains("--hold") { held.append(try request.output(0)) }
}
let after = allocationCount.load(ordering: .relaxed)
print(after - before)
#else
fatalError("counts with GNU's C library only")
#endif
