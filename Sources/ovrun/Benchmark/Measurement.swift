import Dispatch
import OVRuntime
import Synchronization

/// Inferences of one compiled model, timed.
struct Measurement {
  /// How long to go on.
  enum Limit {
    case seconds(Double)
    /// Inferences of all requests together.
    case iterations(Int)
  }

  let firstInference: Double
  let latencies: Latencies
  /// Seconds from the first timed inference to the end of the last.
  let wallTime: Double
  /// The steps in the order they run; empty without profiling.
  let stepTimes: [StepTime]

  var throughput: Double { Double(latencies.count) / wallTime }

  /// Runs `model` on `inputs` with `requestCount` requests, of which `workers` run at the same time.
  ///
  /// The first inference is timed alone; three more of each request, and `warmUp` seconds in all, are not counted.
  init(
    _ model: CompiledModel, _ inputs: [Tensor], requestCount: Int, workers: Int, limit: Limit, warmUp: Double
  ) throws(OVError) {
    var requests: [InferRequest] = []
    for _ in 0..<requestCount {
      let request = model.makeRequest()
      for (index, tensor) in inputs.enumerated() { try request.setInput(index, tensor) }
      requests.append(request)
    }
    let start = monotonicNanoseconds()
    try requests[0].infer()
    firstInference = Double(monotonicNanoseconds() - start) / 1e6
    for request in requests { for _ in 0..<3 { try request.infer() } }
    if warmUp > 0 { _ = try Measurement.loop(requests, workers, .seconds(warmUp), profiles: false) }

    let begin = monotonicNanoseconds()
    let lanes = try Measurement.loop(requests, workers, limit, profiles: model.options.profiling)
    wallTime = Double(monotonicNanoseconds() - begin) / 1e9
    latencies = Latencies(lanes.flatMap(\.milliseconds))
    var sums: [StepTime] = []
    for lane in lanes { lane.steps.add(to: &sums) }
    stepTimes = sums
  }

  /// What one of the threads that run inferences measured.
  private struct Lane: Sendable {
    var milliseconds: [Double] = []
    var steps: [StepTime] = []
  }

  private static func loop(_ requests: [InferRequest], _ workers: Int, _ limit: Limit, profiles: Bool) throws(OVError) -> [Lane] {
    let deadline: UInt64
    let count: Int
    switch limit {
    case .seconds(let seconds):
      deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
      count = .max
    case .iterations(let iterations):
      deadline = .max
      count = iterations
    }
    let state = Locked<(lanes: [Lane], error: OVError?)>(([], nil))
    let started = Atomic(0)

    @Sendable func run(_ own: [InferRequest]) {
      var lane = Lane()
      var turn = 0
      do throws(OVError) {
        while started.add(1, ordering: .relaxed).oldValue < count {
          let request = own[turn % own.count]
          turn += 1
          let start = monotonicNanoseconds()
          try request.infer()
          let end = monotonicNanoseconds()
          lane.milliseconds.append(Double(end - start) / 1e6)
          if profiles {
            request.profile.map { StepTime(info: $0.info, nanoseconds: $0.nanoseconds) }.add(to: &lane.steps)
          }
          if end >= deadline { break }
        }
        state.withLock { $0.lanes.append(lane) }
      } catch {
        state.withLock { $0.error = error }
      }
    }

    // One thread a lane; the first is this one.
    let group = DispatchGroup()
    let lanes = (0..<workers).map { lane in stride(from: lane, to: requests.count, by: workers).map { requests[$0] } }
    for (index, own) in lanes.enumerated().dropFirst() {
      DispatchQueue(label: "ovrun.benchmark.\(index)").async(group: group) { run(own) }
    }
    run(lanes[0])
    group.wait()
    let (result, error) = state.withLock { $0 }
    if let error { throw error }
    return result
  }
}

/// The time of a step over several inferences.
struct StepTime: Sendable {
  let info: StepInfo
  var nanoseconds: UInt64
}

extension [StepTime] {
  /// Adds the times to those of the same steps in `sums`, which may be empty.
  fileprivate func add(to sums: inout [StepTime]) {
    if sums.isEmpty { sums = map { StepTime(info: $0.info, nanoseconds: 0) } }
    for (index, step) in enumerated() where index < sums.count { sums[index].nanoseconds += step.nanoseconds }
  }
}
